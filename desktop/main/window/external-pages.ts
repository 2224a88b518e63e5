import type { PAGES } from "../../rpc/bridge.ts";

/** A page that may be opened in the user's browser. */
export type Page = (typeof PAGES)[number];

/** The project's address: set it before the first release, as in electron-builder.yml (RFC 2606 name). */
const PROJECT = "https://laneway.example";

/**
 * The complete list of addresses that the system may be asked to open. The window names a page and never an address,
 * because an address's scheme may make the system run a program.
 */
export const EXTERNAL_PAGES: Readonly<Record<Page, string>> = {
  documentation: `${PROJECT}/docs`,
  issues: `${PROJECT}/issues`,
  releases: `${PROJECT}/releases`,
};
