import type { PAGES } from "../../rpc/bridge.ts";

/** A page that may be opened in the user's browser. */
export type Page = (typeof PAGES)[number];

/** Where the project lives: to be set before the first release, as is the homepage in electron-builder.yml (RFC 2606 name). */
const PROJECT = "https://laneway.example";

/**
 * The exact list of what is ever given to the system to open. The window names a page and never an address, since what the
 * system does with an address depends on its scheme, and may be to run something.
 */
export const EXTERNAL_PAGES: Readonly<Record<Page, string>> = {
  documentation: `${PROJECT}/docs`,
  issues: `${PROJECT}/issues`,
  releases: `${PROJECT}/releases`,
};
