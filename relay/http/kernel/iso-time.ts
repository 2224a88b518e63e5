/** Seconds since 1970 as ISO 8601; null where there is no such time. */
export function isoTime(seconds: number): string;
export function isoTime(seconds: number | undefined): string | null;
export function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1_000).toISOString();
}
