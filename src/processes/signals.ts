/** What ends a command from outside: Ctrl-C, a request, a terminal that goes away. */
export const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
