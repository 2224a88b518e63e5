import { Announcer } from "../../../../shared/ui/announcer.ts";

/** Announces completed actions. */
export const announcer = new Announcer();
