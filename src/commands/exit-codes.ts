import { ERRORS } from "../errors.ts";
import { defineCommand } from "./command.ts";
import { BUG } from "./screen.ts";

export default defineCommand({
  words: [],
  options: {},
  changes: false,
  examples: ["greenroom exit-codes"],
  run: () => ({
    codes: [
      { exit: 0, code: null as string | null, about: "done" },
      ...Object.entries(ERRORS).map(([code, { exit, about }]) => ({
        exit: exit as number,
        code,
        about: about as string,
      })),
      { exit: BUG, code: "BUG", about: "a bug of Greenroom's" },
    ],
  }),
  render: ({ codes }) =>
    [
      "# Exit codes",
      "",
      "What scripts can rely on. `--json` answers with the error's name in `code`.",
      "",
      "| exit | error | meaning |",
      "|---|---|---|",
      ...codes.map(({ exit, code, about }) => `| ${exit} | ${code ? `\`${code}\`` : ""} | ${about} |`),
    ].join("\n"),
});
