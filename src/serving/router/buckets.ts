/** Visitors keep their bucket by this cookie, so that a canary's visitors stay on its side. */
export const BUCKET_COOKIE = "greenroom_bucket";

export const FIRST_BUCKET = "00";
export const LAST_BUCKET = "99";

const COOKIE = new RegExp(`(?:^|;)\\s*${BUCKET_COOKIE}=(\\d\\d)\\s*(?:;|$)`);
const MAX_AGE = 30 * 24 * 60 * 60;

export function bucketIn(cookies: string | undefined): string | null {
  return (cookies && COOKIE.exec(cookies)?.[1]) || null;
}

export function randomBucket(): string {
  return String(Math.floor(Math.random() * 100)).padStart(2, "0");
}

export function bucketCookie(bucket: string): string {
  return `${BUCKET_COOKIE}=${bucket}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${MAX_AGE}`;
}
