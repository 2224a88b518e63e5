/** Returns seconds since 1970 as ISO 8601, or null for undefined. */
export function isoTime(seconds: number): string;
export function isoTime(seconds: number | undefined): string | null;
export function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1_000).toISOString();
}
