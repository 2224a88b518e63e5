import type { JSX } from "preact";

/** Paths on a grid of 16 by 16, drawn as lines. */
const paths = {
  networks: "M8 2v4M8 6H3.5v3.5M8 6h4.5v3.5M2 9.5h3v3H2zM11 9.5h3v3h-3zM6.5 1.5h3v3h-3z",
  topology:
    "M8 6.2V3.8M6.4 9 3.9 11.4M9.6 9l2.5 2.4M8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6M8 3.8a1 1 0 1 0 0-2 1 1 0 0 0 0 2M3.2 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2M12.8 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2",
  diagnostics: "M1.5 8.5h3l2-5 3 9 2-4h3",
  capture: "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6",
  logs: "M3 3.5h10M3 6.5h10M3 9.5h7M3 12.5h9",
  administration:
    "M6.5 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M2 13.5c0-2.5 2-4 4.5-4 1 0 1.9.2 2.6.7M12 9v5M9.5 11.5h5",
  settings:
    "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4M5.5 13.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4",
  moon: "M13.2 9.3A5.6 5.6 0 1 1 6.7 2.8a4.4 4.4 0 0 0 6.5 6.5Z",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5V3M8 13v1.5M3.4 3.4l1 1M11.6 11.6l1 1M1.5 8H3M13 8h1.5M3.4 12.6l1-1M11.6 4.4l1-1",
  ascending: "M4.5 9.5 8 6l3.5 3.5",
  descending: "m4.5 6.5 3.5 3.5 3.5-3.5",
  plus: "M8 3v10M3 8h10",
  back: "M9.5 3.5 5 8l4.5 4.5",
  copy: "M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2",
  check: "m3 8.5 3.2 3.2L13 4.8",
  alert: "M8 2.2 14.2 13H1.8zM8 6.5v3M8 11.2v.1",
  fail: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  pass: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M5.4 8.2l1.9 1.9 3.4-4",
  skip: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M5.2 8h5.6",
  running: "M8 2a6 6 0 1 1-6 6",
  power: "M8 2v5.5M4.6 4.4a5 5 0 1 0 6.8 0",
} as const;

export type IconName = keyof typeof paths;

/** A picture beside words, or within a named button. It has no accessible name itself. */
export function Icon({
  name,
  spin = false,
}: {
  readonly name: IconName;
  readonly spin?: boolean;
}): JSX.Element {
  return (
    <svg
      class={spin ? "spin" : undefined}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** Laneway's mark: two machines on one line. */
export function Mark({ size = 22 }: { readonly size?: number }): JSX.Element {
  return (
    <svg width={size} height={size} viewBox="0 0 22 22" fill="none" aria-hidden="true" focusable="false">
      <rect x="1" y="1" width="20" height="20" rx="5.5" fill="currentColor" opacity=".16" />
      <path d="M6 11h10" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
      <circle cx="6" cy="11" r="2.7" fill="currentColor" />
      <circle cx="16" cy="11" r="2.7" fill="currentColor" />
      <circle cx="11" cy="11" r="1.5" fill="currentColor" />
    </svg>
  );
}
