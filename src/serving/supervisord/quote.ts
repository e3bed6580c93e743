import { GreenroomError } from "../../errors.ts";

/** A word for a shell, and for supervisord's `command`, which is read like a shell's line. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** A value for supervisord's configuration, which expands `%` and takes ` ;` and ` #` for comments. */
export function confValue(text: string): string {
  if (/\s[;#]|[\n\r]/.test(text)) {
    throw new GreenroomError("ROOT_UNUSABLE", `supervisord can't be told of ${JSON.stringify(text)}`, {
      hint: "choose a root whose path has no blank before ; or #",
    });
  }
  return text.replaceAll("%", "%%");
}
