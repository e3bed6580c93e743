/** A machine that is reached by SSH, as greenroom.json has it. */
export interface Server {
  name: string;
  /** `user@host`, a host, or a Host of the user's SSH configuration. */
  ssh: string;
  /** Null: what the user's SSH configuration says. */
  port: number | null;
  /** Where releases and environments are on it. */
  root: string;
  /** The only host key that it may have, as a line of known_hosts has it; null: one that the user trusts. */
  hostKey: string | null;
}

/** The server that is this machine. */
export const LOCAL = "local";
