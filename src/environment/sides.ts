export const SIDES = ["blue", "green"] as const;
export type Side = (typeof SIDES)[number];

export function other(side: Side): Side {
  return side === "blue" ? "green" : "blue";
}

export function isSide(text: string | undefined): text is Side {
  return text === "blue" || text === "green";
}
