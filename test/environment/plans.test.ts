import { describe, expect, test } from "vitest";
import { planCanary } from "../../src/environment/canary.ts";
import { planCheck } from "../../src/environment/check.ts";
import { isLiveByNow } from "../../src/environment/meant.ts";
import { chooseTarget, planRollback } from "../../src/environment/rollback.ts";
import type { EnvironmentSpec } from "../../src/environment/spec.ts";
import { planStage, type Standing } from "../../src/environment/stage.ts";
import { describeStep, type Step } from "../../src/environment/steps.ts";
import { planSwitch } from "../../src/environment/switch.ts";
import { errorOf, rehearsedState, specOf, stateOf } from "./world.ts";

const PROCESS: EnvironmentSpec["serve"] = {
  kind: "process",
  start: { web: "node server.js" },
  public: null,
  health: "/",
  listen: "socket",
  startWithin: 1000,
  drain: 1000,
  user: null,
};

const IDENTITY = stateOf().identity!;
const NEW: Standing = {
  asStaged: false,
  lost: false,
  hasTree: false,
  healthy: true,
  missingStorage: [],
  missingAccount: null,
  certificates: [],
};
const task = (run: string, needs: string[] = [], on: "live" | "rehearsal" = "rehearsal") => ({
  run,
  on,
  timeout: 1000,
  needs,
});
const hooked = (moment: string, more: Partial<EnvironmentSpec> = {}) =>
  specOf({
    tasks: { warm: task("warm", ["build"]), build: task("build") },
    hooks: { [moment]: ["warm"] },
    ...more,
  });
const dos = (steps: Step[]) => steps.map((step) => step.do);
const canaried = rehearsedState({
  traffic: { generation: 7, live: "blue", buckets: { blue: 95, green: 5 }, paused: null },
});
const untested = rehearsedState({ verdict: null });

describe("a plan to stage", () => {
  test("of a first release makes everything, and shows it with one step", () => {
    const state = stateOf({ identity: null });
    const plan = planStage(state, specOf({ storage: ["uploads"] }), "1", {
      ...NEW,
      missingStorage: ["uploads"],
    });
    expect(plan).toEqual([
      { do: "seed", path: "uploads", release: "1" },
      { do: "tree", release: "1", recycle: null },
      { do: "config", release: "1" },
      { do: "forget", side: "blue" },
      { do: "point", side: "blue", release: "1" },
      { do: "identity", identity: IDENTITY },
      { do: "previews" },
    ]);
  });

  test("never touches the live side, recycles the spare tree, and retires what is too much", () => {
    const state = rehearsedState({ releases: ["2", "1", "0"], spare: "old" });
    const plan = planStage(state, specOf({ keep: 3 }), "3", NEW);
    expect(plan).toEqual([
      { do: "tree", release: "3", recycle: "old" },
      { do: "config", release: "3" },
      { do: "forget", side: "green" },
      { do: "point", side: "green", release: "3" },
      { do: "previews" },
      { do: "retire", release: "0" },
      { do: "previews" },
    ]);
  });

  test("starts processes after they are pointed at, and runs hooks around it, needs first", () => {
    const plan = planStage(rehearsedState(), hooked("before:stage", { serve: PROCESS }), "3", {
      ...NEW,
      hasTree: true,
    });
    expect(dos(plan)).toEqual(["task", "task", "config", "forget", "point", "previews", "start"]);
    expect(plan.slice(0, 2)).toEqual([
      { do: "task", task: "build", side: "green", moment: "before:stage" },
      { do: "task", task: "warm", side: "green", moment: "before:stage" },
    ]);
    expect(
      dos(planStage(rehearsedState(), hooked("after:stage", { serve: PROCESS }), "3", NEW)).slice(-3),
    ).toEqual(["start", "task", "task"]);
  });

  test("is empty where the release is there already, on either side", () => {
    const there = { ...NEW, asStaged: true, hasTree: true };
    expect(planStage(rehearsedState(), specOf(), "2", there)).toEqual([]);
    expect(planStage(rehearsedState(), specOf(), "1", there)).toEqual([]);
    expect(planStage(canaried, specOf(), "2", there)).toEqual([]);
  });

  test("leaves the address as it is while something is live", () => {
    expect(dos(planStage(rehearsedState(), specOf({ domain: "new.localhost" }), "3", NEW))).not.toContain(
      "identity",
    );
  });

  test("writes down again how a release is served, where that was lost", () => {
    const lost = { ...NEW, lost: true, hasTree: true };
    expect(planStage(rehearsedState(), specOf(), "1", lost)).toEqual([{ do: "config", release: "1" }]);
    expect(dos(planStage(rehearsedState(), specOf(), "2", lost))).toEqual([
      "config",
      "forget",
      "point",
      "previews",
    ]);
  });

  test("stages a rehearsal again that isn't well, but leaves the live one alone", () => {
    const unwell = { ...NEW, asStaged: true, hasTree: true, healthy: false };
    expect(dos(planStage(rehearsedState(), specOf({ serve: PROCESS }), "2", unwell))).toContain("start");
    expect(planStage(rehearsedState(), specOf({ serve: PROCESS }), "1", unwell)).toEqual([]);
  });

  test("is refused while the rehearsal has visitors", () => {
    const error = errorOf(() => planStage(canaried, specOf(), "3", NEW));
    expect([error.code, error.message, error.hint]).toEqual([
      "CANARY_ACTIVE",
      "shop/production has visitors on its green side",
      "end the canary first: greenroom canary production 0",
    ]);
  });

  test("is refused where the name is on a side with other configuration", () => {
    for (const release of ["1", "2"]) {
      const error = errorOf(() => planStage(rehearsedState(), specOf(), release, { ...NEW, hasTree: true }));
      expect(error.code).toBe("VERSION_EXISTS");
      expect(error.hint).toContain("--version");
    }
  });
});

describe("a plan to switch", () => {
  test("moves everything with one step, all of the traffic", () => {
    expect(planSwitch(rehearsedState(), specOf(), false)).toEqual([
      { do: "ready", side: "green" },
      { do: "traffic", generation: 8, live: "green", share: 0 },
    ]);
  });

  test("goes live with the first release", () => {
    const verdict = { release: "1", passed: true, results: [], at: "" };
    const state = stateOf({ sides: { blue: "1", green: null }, verdict });
    expect(planSwitch(state, specOf(), false)).toEqual([
      { do: "ready", side: "blue" },
      { do: "traffic", generation: 1, live: "blue", share: 0 },
    ]);
  });

  test("runs hooks before and after, and thinks better of a release that was bad", () => {
    const both = hooked("before:switch");
    both.hooks["after:switch"] = ["build"];
    expect(errorOf(() => planSwitch(rehearsedState({ bad: ["2"] }), both, false)).code).toBe("RELEASE_BAD");
    const plan = planSwitch(rehearsedState({ bad: ["2"] }), both, true);
    expect(dos(plan)).toEqual(["task", "task", "ready", "traffic", "mark", "task"]);
    expect(plan[4]).toEqual({ do: "mark", release: "2", bad: false });
    expect(plan[5]).toEqual({ do: "task", task: "build", side: "green", moment: "after:switch" });
  });

  test("ends a canary with the same step", () => {
    expect(planSwitch(canaried, specOf(), false)).toContainEqual({
      do: "traffic",
      generation: 8,
      live: "green",
      share: 0,
    });
  });

  test("is refused without a rehearsal, forced or not", () => {
    for (const force of [true, false]) {
      const state = rehearsedState({ sides: { blue: "1", green: null }, verdict: null });
      const error = errorOf(() => planSwitch(state, specOf(), force));
      expect([error.code, error.message, error.hint]).toEqual([
        "SIDE_EMPTY",
        "shop/production has nothing on its green side",
        "greenroom stage production",
      ]);
    }
  });

  test("is refused before the checks have passed, unless it is forced", () => {
    const error = errorOf(() => planSwitch(untested, specOf(), false));
    expect([error.code, error.message, error.hint]).toEqual([
      "CHECKS_NOT_PASSED",
      "the checks of 2 on shop/production's rehearsal: not run",
      "greenroom check production",
    ]);
    expect(dos(planSwitch(untested, specOf(), true))).toEqual(["ready", "traffic"]);
  });

  test("is refused after a check has failed, with what was found", () => {
    const results = [
      { check: "one", passed: true, reason: null, ms: 1 },
      { check: "two", passed: false, reason: "it answered 500", ms: 1 },
    ];
    const state = rehearsedState({ verdict: { release: "2", passed: false, results, at: "" } });
    const error = errorOf(() => planSwitch(state, specOf(), false));
    expect(error.message).toContain("failed");
    expect(error.detail).toEqual(["two: it answered 500"]);
  });
});

describe("a release that was meant", () => {
  test("is checked and switched to only where it rehearses still", () => {
    expect(isLiveByNow(rehearsedState(), "2")).toBe(false);
    const error = errorOf(() => isLiveByNow(rehearsedState(), "3"));
    expect([error.code, error.message]).toEqual([
      "REHEARSAL_CHANGED",
      "shop/production rehearses 2 by now, and not 3",
    ]);
  });

  test("needn't be made live twice, which would lead back", () => {
    expect(isLiveByNow(rehearsedState(), "1")).toBe(true);
  });
});

describe("a plan for a canary", () => {
  test("leaves the live side live and moves a share of the visitors", () => {
    expect(planCanary(rehearsedState(), specOf(), 5, false)).toEqual([
      { do: "ready", side: "green" },
      { do: "traffic", generation: 8, live: "blue", share: 5 },
    ]);
  });

  test("ends without asking for health or checks, and without hooks", () => {
    const failing = { ...canaried, verdict: null };
    expect(planCanary(failing, hooked("before:canary"), 0, false)).toEqual([
      { do: "traffic", generation: 8, live: "blue", share: 0 },
    ]);
  });

  test("is empty where the share is that already", () => {
    expect(planCanary(canaried, specOf(), 5, false)).toEqual([]);
    expect(planCanary(rehearsedState(), specOf(), 0, false)).toEqual([]);
  });

  test("is refused where nothing is live, where nothing rehearses, and before the checks have passed", () => {
    const nothing = errorOf(() => planCanary(stateOf(), specOf(), 5, true));
    expect([nothing.code, nothing.hint]).toEqual(["NOTHING_LIVE", "greenroom deploy production"]);
    const empty = rehearsedState({ sides: { blue: "1", green: null }, verdict: null });
    expect(errorOf(() => planCanary(empty, specOf(), 5, true)).code).toBe("SIDE_EMPTY");
    expect(errorOf(() => planCanary(untested, specOf(), 5, false)).code).toBe("CHECKS_NOT_PASSED");
    expect(dos(planCanary(untested, specOf(), 5, true))).toEqual(["ready", "traffic"]);
  });
});

describe("a plan to check", () => {
  test("asks all of the checks, then records what they say", () => {
    const checks: EnvironmentSpec["checks"] = [{ files: ["a", "b"] }, { shrinks: 50 }, { task: "warm" }];
    expect(planCheck(rehearsedState(), specOf({ checks }))).toEqual([
      { do: "ready", side: "green" },
      { do: "check", side: "green", check: "holds a, b", index: 0 },
      {
        do: "check",
        side: "green",
        check: "isn't smaller than the live release by more than 50 %",
        index: 1,
      },
      { do: "check", side: "green", check: "task warm", index: 2 },
      { do: "verdict", side: "green", release: "2" },
    ]);
  });

  test("is refused where nothing is staged", () => {
    const error = errorOf(() => planCheck(stateOf(), specOf()));
    expect([error.code, error.hint]).toEqual(["SIDE_EMPTY", "greenroom stage production"]);
  });
});

describe("a rollback", () => {
  const past = (history: string[], available = ["1", "2", "3", "4"]) => ({ history, available });
  const live = (release: string, bad: string[] = []) =>
    rehearsedState({ sides: { blue: release, green: "x" }, bad });
  const back = (state = live("3"), history = ["1", "2", "3"]) =>
    chooseTarget(state, past(history), null, false);

  test("goes to the release that was live before", () => {
    expect(back()).toBe("2");
    expect(back(live("2"), ["1", "2", "3", "2"])).toBe("3");
  });

  test("goes past releases that were left as bad, past itself, and past those that can't be had", () => {
    expect(back(live("2", ["3"]), ["1", "2", "3", "2"])).toBe("1");
    expect(back(live("4", ["3", "2"]), ["1", "2", "3", "4"])).toBe("1");
    expect(chooseTarget(live("3"), past(["1", "2", "3"], ["1", "3"]), null, false)).toBe("1");
    expect(back(live("3"), ["1", "3", "3", "3"])).toBe("1");
  });

  test("leaves the history as it was given", () => {
    const history = ["1", "2", "3"];
    back(rehearsedState({ sides: { blue: "unknown", green: null } }), history);
    expect(history).toEqual(["1", "2", "3"]);
  });

  test("says that there is none before", () => {
    const error = errorOf(() => back(live("1"), ["1"]));
    expect([error.code, error.message]).toEqual([
      "NO_RELEASE_BEFORE",
      "shop/production has no good release before 1",
    ]);
    expect(error.hint).toContain("rollback --to VERSION");
    expect(errorOf(() => back(live("2", ["1"]), ["1", "2"])).code).toBe("NO_RELEASE_BEFORE");
  });

  test("is refused where nothing is live or a canary is on", () => {
    expect(errorOf(() => chooseTarget(stateOf(), past([]), null, true)).code).toBe("NOTHING_LIVE");
    const error = errorOf(() => chooseTarget(canaried, past(["0", "1"]), null, true));
    expect([error.code, error.hint]).toEqual([
      "CANARY_ACTIVE",
      "to take all of them back to it: greenroom canary production 0",
    ]);
  });

  test("goes where it is told to, if that is there, isn't live, and isn't bad", () => {
    const to = (release: string, bad: string[] = [], force = false) =>
      chooseTarget(live("3", bad), past(["3"]), release, force);
    expect(to("4")).toBe("4");
    expect(errorOf(() => to("3")).code).toBe("USAGE");
    expect(errorOf(() => to("9")).code).toBe("VERSION_UNKNOWN");
    const bad = errorOf(() => to("2", ["2"]));
    expect([bad.code, bad.hint]).toEqual(["RELEASE_BAD", "greenroom rollback production --to 2 --force"]);
    expect(to("2", ["2"], true)).toBe("2");
  });

  test("to what is still warm is a switch that leaves a mark", () => {
    expect(planRollback(rehearsedState(), specOf({ serve: PROCESS }), "2")).toEqual([
      { do: "ready", side: "green" },
      { do: "traffic", generation: 8, live: "green", share: 0 },
      { do: "mark", release: "1", bad: true },
      { do: "previews" },
    ]);
  });

  test("to what isn't on a side brings it there first", () => {
    const state = rehearsedState({ releases: ["2", "1", "0"], bad: ["0"], spare: "old" });
    const plan = planRollback(state, specOf({ serve: PROCESS }), "0");
    expect(dos(plan)).toEqual(["forget", "point", "start", "traffic", "mark", "mark", "previews"]);
    expect(plan[5]).toEqual({ do: "mark", release: "0", bad: false });
    expect(dos(planRollback(state, specOf(), "older")).slice(0, 2)).toEqual(["tree", "config"]);
  });
});

describe("how a domain is certified", () => {
  const tls: EnvironmentSpec["tls"] = {
    own: { certificate: "/shop.pem", key: "/shop.key" },
    previews: null,
  };
  const moved = { ...IDENTITY, domain: "new.localhost", tls };
  const staged = { blue: IDENTITY, green: IDENTITY };
  const newlyGiven = { ...NEW, certificates: ["own" as const] };
  const again = { ...newlyGiven, asStaged: true, hasTree: true };

  test("changes at a staging while the domain stays, also where nothing else changes", () => {
    const identity = { ...IDENTITY, tls };
    expect(planStage(rehearsedState({ identities: staged }), specOf({ tls }), "2", again)).toEqual([
      { do: "config", release: "2" },
      { do: "certificate", of: "own", identity },
      { do: "identity", identity },
      { do: "previews" },
    ]);
    const wider = specOf({ tls, subdomains: true });
    expect(planStage(rehearsedState(), wider, "3", newlyGiven)).toContainEqual({ do: "identity", identity });
  });

  test("waits with a new domain for the switch, right before that is answered for", () => {
    const spec = specOf({ domain: moved.domain, tls });
    expect(dos(planStage(rehearsedState(), spec, "3", newlyGiven))).toEqual([
      "tree",
      "config",
      "forget",
      "point",
      "previews",
    ]);
    const waiting = rehearsedState({ identities: { blue: IDENTITY, green: moved } });
    expect(planSwitch(waiting, spec, false).slice(1)).toEqual([
      { do: "traffic", generation: 8, live: "green", share: 0 },
      { do: "certificate", of: "own", identity: moved },
      { do: "identity", identity: moved },
      { do: "previews" },
    ]);
    const acme = specOf({ domain: moved.domain, tls: { own: "acme", previews: null } });
    expect(planStage(waiting, acme, "2", { ...again, certificates: [] })).toEqual([
      { do: "config", release: "2" },
    ]);
  });

  test("comes back with the domain at a rollback", () => {
    const state = rehearsedState({ identity: moved });
    const plan = planRollback(state, specOf({ tls }), "2");
    expect(dos(plan)).toEqual(["ready", "traffic", "mark", "certificate", "identity", "previews"]);
    expect(plan[4]).toEqual({ do: "identity", identity: { ...IDENTITY, tls } });
    expect(dos(planRollback(state, specOf({ tls: { own: "acme", previews: null } }), "2"))).not.toContain(
      "certificate",
    );
  });

  test("stays while the domain does, whatever was staged", () => {
    const state = rehearsedState({ identity: { ...IDENTITY, tls }, identities: staged });
    expect(dos(planSwitch(state, specOf(), false))).toEqual(["ready", "traffic"]);
    expect(dos(planRollback(state, specOf(), "2"))).toEqual(["ready", "traffic", "mark", "previews"]);
  });
});

test("every kind of step says what it does in words of its own", () => {
  const steps: Step[] = [
    { do: "task", task: "warm", side: "blue", moment: "before:switch" },
    { do: "seed", path: "uploads", release: "1" },
    { do: "tree", release: "1", recycle: null },
    { do: "tree", release: "1", recycle: "0" },
    { do: "config", release: "1" },
    { do: "forget", side: "blue" },
    { do: "point", side: "blue", release: "1" },
    { do: "certificate", of: "own", identity: IDENTITY },
    { do: "certificate", of: "previews", identity: IDENTITY },
    { do: "identity", identity: IDENTITY },
    { do: "previews" },
    { do: "start", side: "blue", release: "1" },
    { do: "check", side: "blue", check: "holds a", index: 0 },
    { do: "verdict", side: "blue", release: "1" },
    { do: "ready", side: "blue" },
    { do: "traffic", generation: 1, live: "blue", share: 0 },
    { do: "traffic", generation: 1, live: "blue", share: 5 },
    { do: "mark", release: "1", bad: true },
    { do: "mark", release: "1", bad: false },
    { do: "retire", release: "1" },
    { do: "drop", release: "1" },
    { do: "sweep", objects: 3, bytes: 9 },
  ];
  const words = steps.map(describeStep);
  expect(new Set(words).size).toBe(steps.length);
  expect(words).toContain("send 5 of 100 visitors to the rehearsal, the others to blue");
});
