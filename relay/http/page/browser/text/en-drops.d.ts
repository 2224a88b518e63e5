import type { DropReason } from "../../../../../shared/switch/drops.ts";

/** The relay's own words, of which it makes this module. */
export const enDrops: Readonly<Record<DropReason, string>>;
