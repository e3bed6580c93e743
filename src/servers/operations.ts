import { canary } from "../environment/canary.ts";
import { check } from "../environment/check.ts";
import { join } from "../environment/join.ts";
import { pause, resume } from "../environment/pause.ts";
import { prune } from "../environment/prune.ts";
import { remove } from "../environment/remove.ts";
import { rollback } from "../environment/rollback.ts";
import { stage } from "../environment/stage.ts";
import { switchSides } from "../environment/switch.ts";
import { verify } from "../environment/verify.ts";
import type { Scene } from "../environment/world.ts";

/**
 * Everything that can be done to an environment on the machine that holds its files. Input and output are plain
 * data, so that it needn't matter where the caller is.
 */
export const operations = {
  stage,
  check,
  switch: switchSides,
  rollback,
  canary,
  join,
  pause,
  resume,
  verify,
  prune,
  remove,
} satisfies Record<string, (scene: Scene, input: never) => Promise<object>>;
