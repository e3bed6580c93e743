import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../src/disk/remove.ts";
import { benchCanary } from "./canary.ts";
import { benchCommands } from "./commands.ts";
import { benchDeploy } from "./deploy.ts";
import { benchEnvironments } from "./environments.ts";
import { benchFlip } from "./flip.ts";
import { benchMemory } from "./memory.ts";
import { benchNginx } from "./nginx.ts";
import { benchProcessLoad } from "./process-load.ts";
import { benchRouter } from "./router.ts";
import { benchServers } from "./servers.ts";
import { benchServingLoad } from "./serving-load.ts";
import { benchStage } from "./stage.ts";
import { printTable, type Row } from "./table.ts";

/** What is measured, each beside what a user would pick instead, in the same run. */
const benches: Record<string, (dir: string) => Promise<Row[]> | Row[]> = {
  flip: benchFlip,
  commands: benchCommands,
  router: benchRouter,
  stage: benchStage,
  memory: benchMemory,
  nginx: benchNginx,
  "serving-load": benchServingLoad,
  "process-load": benchProcessLoad,
  environments: benchEnvironments,
  canary: benchCanary,
  servers: benchServers,
  deploy: benchDeploy,
};

const wanted = process.argv.slice(2);
const rows: Row[] = [];
const dir = mkdtempSync(join(process.env.GREENROOM_BENCH_DIR ?? tmpdir(), "greenroom-bench-"));
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.error(`measuring ${name} …`);
    rows.push(...(await bench(dir)));
  }
} finally {
  removeTree(dir);
}
printTable(rows);
