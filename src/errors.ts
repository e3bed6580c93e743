/**
 * Every kind of error, with the exit code that scripts see and what it means.
 * `docs/exit-codes.md` is made from this table.
 */
export const ERRORS = {
  USAGE: { exit: 2, about: "the command line is wrong" },
  CONFIG_MISSING: { exit: 2, about: "there is no greenroom.json here or above" },
  CONFIG_INVALID: { exit: 2, about: "greenroom.json, or a template it names, is wrong" },
  NAME_INVALID: { exit: 2, about: "a name doesn't fit the grammar of names" },
  ENVIRONMENT_UNKNOWN: { exit: 2, about: "greenroom.json has no such environment" },
  FILE_EXISTS: { exit: 2, about: "a file that would be written is already there" },

  SOURCE_MISSING: { exit: 10, about: "the folder or git ref to stage from doesn't exist" },
  SOURCE_EMPTY: { exit: 10, about: "the folder to stage from holds no files" },
  PUBLIC_MISSING: { exit: 10, about: "the release lacks the folder that visitors are to see" },
  SOURCE_UNREADABLE: { exit: 10, about: "a file of the source can't be read" },
  SOURCE_CHANGING: { exit: 10, about: "a file of the source kept changing while it was read" },
  SOURCE_SPECIAL: { exit: 10, about: "the source holds a socket, device or pipe" },
  SYMLINK_ESCAPES: { exit: 10, about: "a symlink of the source leaves the release" },
  GIT_FAILED: { exit: 10, about: "git could not check the source out" },
  BUILD_FAILED: { exit: 11, about: "a build command failed" },

  VERSION_EXISTS: { exit: 12, about: "the version exists with other content" },
  VERSION_UNKNOWN: { exit: 12, about: "there is no such release in the store" },
  RELEASE_BAD: { exit: 12, about: "the release was marked bad by a rollback" },

  SIDE_EMPTY: { exit: 13, about: "the side has no release" },
  NOTHING_LIVE: { exit: 13, about: "the environment has nothing live yet" },
  REHEARSAL_CHANGED: { exit: 13, about: "another release rehearses than the one that was meant" },
  CANARY_ACTIVE: { exit: 13, about: "the rehearsal has visitors" },
  CHECKS_NOT_PASSED: { exit: 13, about: "the rehearsal's checks haven't passed since it was staged" },
  NO_RELEASE_BEFORE: { exit: 13, about: "there is no earlier release to return to" },
  ENVIRONMENT_MISSING: { exit: 13, about: "nothing was ever staged in this environment" },
  ENVIRONMENT_UNBOUND: { exit: 13, about: "greenroom.json names no server for the environment" },
  ENVIRONMENT_LIVE: { exit: 13, about: "a live production environment isn't removed without --force" },
  DOMAIN_TAKEN: { exit: 13, about: "the domain belongs to another environment, or to a file of nginx's own" },

  LOCKED: { exit: 14, about: "another operation holds the lock" },
  CHECK_FAILED: { exit: 15, about: "a check of the rehearsal failed" },
  TASK_FAILED: { exit: 16, about: "a task failed or ran out of time; nothing moved" },
  AFTER_TASK_FAILED: { exit: 17, about: "the operation is done, but a task after it failed" },

  UP_NOT_RUNNING: { exit: 18, about: "the environment needs `greenroom up`, which isn't running" },
  UP_RUNNING: { exit: 18, about: "`greenroom up` already runs for this root" },
  PORT_TAKEN: { exit: 18, about: "the port is in use" },
  ROUTER_REFUSED: { exit: 18, about: "nginx isn't there, doesn't run, or refuses what it is told" },
  CERTIFICATE_UNUSABLE: {
    exit: 18,
    about: "a certificate doesn't fit its key, the domain or the day, or can't be ordered here",
  },
  SUPERVISOR_REFUSED: { exit: 18, about: "supervisord isn't there, doesn't run, or refuses what it is told" },
  PROCESS_UNHEALTHY: { exit: 19, about: "a process of the side didn't become healthy" },

  DISK_FULL: { exit: 20, about: "the disk is full" },
  ROOT_SPLIT: { exit: 20, about: "the root spans two file systems" },
  ROOT_UNUSABLE: { exit: 20, about: "the root can't be written or read" },
  PLACE_TAKEN: {
    exit: 20,
    about: "something else is where a file, folder or symlink of Greenroom's belongs",
  },
  IO_FAILED: { exit: 20, about: "the file system refused an operation" },
  ACCOUNT_REFUSED: { exit: 20, about: "an account for a site's programs can't be made" },
  TOOL_MISSING: { exit: 21, about: "a program that is needed isn't installed" },
  VERIFY_FAILED: { exit: 22, about: "files differ from their manifest and could not be repaired" },
  SERVER_UNREACHABLE: { exit: 24, about: "a server can't be reached" },
  SERVER_REFUSED: { exit: 24, about: "a server lets nobody in with the keys that ssh offers" },
  CALL_REFUSED: { exit: 24, about: "a server takes no such call" },
  LINE_CUT: { exit: 24, about: "the line to a server was cut; what it had begun, it finishes" },
  SERVERS_DIFFER: { exit: 26, about: "an environment's servers don't show the same" },
  HOST_KEY_UNKNOWN: { exit: 25, about: "nobody has said yet that a server's host key is its own" },
  HOST_KEY_CHANGED: { exit: 25, about: "a server shows another host key than the one that is trusted" },
  SERVER_UNFIT: { exit: 27, about: "a server isn't one that can be provisioned, or not as this account" },
  PROVISION_FAILED: { exit: 28, about: "a step of provisioning failed; the same command goes on there" },
  DOCTOR_FAILED: { exit: 23, about: "doctor found something that keeps Greenroom from working" },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An answer to the user that isn't a success. Everything else that is thrown is a bug of ours (exit 70). */
export class GreenroomError extends Error {
  readonly hint: string | undefined;
  /** More lines for people: the last output of a process, the list of files. */
  readonly detail: string[];

  constructor(
    readonly code: ErrorCode,
    message: string,
    more: { hint?: string; detail?: string[]; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = "GreenroomError";
    this.hint = more.hint;
    this.detail = more.detail ?? [];
  }
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

const BUGS = new Set(["EINVAL", "EBADF", "EFAULT"]);

/** What the kernel said, as an answer to the user; other errors pass through unchanged. */
export function translateErrno(error: unknown): unknown {
  if (error instanceof GreenroomError || !(error instanceof Error)) return error;
  const { errno, syscall, path } = error as NodeJS.ErrnoException;
  const code = errnoOf(error);
  if (errno === undefined || syscall === undefined || !code || BUGS.has(code)) return error;
  const where = path ? ` (${syscall} ${path})` : ` (${syscall})`;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new GreenroomError("DISK_FULL", `the disk is full${where}`, {
      hint: "make room on that disk, for instance with greenroom prune, then give the same command again",
      cause: error,
    });
  }
  return new GreenroomError("IO_FAILED", `the file system refused an operation: ${error.message}`, {
    hint: "greenroom doctor",
    cause: error,
  });
}
