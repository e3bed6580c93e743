/** Visitors come in a hundred parts. */
export const BUCKETS = Array.from({ length: 100 }, (_, bucket) => String(bucket).padStart(2, "0"));

/** Who has no bucket yet, where it makes no difference. */
export const NEWCOMER = "new";

/** A file that is there while visitors are let in. */
export const OPEN = "open";

/** A link that is there while visitors are held; it says until when. */
export const PAUSED = "paused";
