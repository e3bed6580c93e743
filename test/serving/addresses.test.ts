import { describe, expect, test } from "vitest";
import { assertAddresses } from "../../src/serving/addresses.ts";

describe("addresses for visitors", () => {
  const refused: [string[], string[], string][] = [
    [["127.0.0.1:0"], [], "127.0.0.1:0: a port is a number from 1 to 65535"],
    [["65536"], [], "65536: a port is a number from 1 to 65535"],
    [["8080"], ["127.0.0.1:99999"], "127.0.0.1:99999: a port is a number from 1 to 65535"],
    [["127.0.0.1:8080", "127.0.0.1:8080"], [], "--listen names 127.0.0.1:8080 twice"],
    [["0.0.0.0:8080", "8080"], [], "--listen names 8080 twice"],
    [["8080"], ["[::1]:443", "[0::1]:443"], "--listen-tls names [0::1]:443 twice"],
    [["127.0.0.1:443"], ["127.0.0.1:443"], "127.0.0.1:443 can't be for --listen and --listen-tls at once"],
    // For documentation only: no machine has it.
    [["192.0.2.1:8080"], [], "192.0.2.1:8080: this machine has no address 192.0.2.1"],
    [
      ["no-such-host.invalid:80"],
      [],
      "no-such-host.invalid:80: this machine has no address no-such-host.invalid",
    ],
  ];
  test.each(refused)("%j and %j are refused", async (listen, listenTls, message) => {
    await expect(assertAddresses({ listen, listenTls })).rejects.toMatchObject({ code: "USAGE", message });
  });

  test("of this machine, each named once, are taken, whoever listens there now", async () => {
    await assertAddresses({ listen: ["127.0.0.1:1", "127.0.0.1:65535", "8080"], listenTls: ["0.0.0.0:443"] });
  });
});
