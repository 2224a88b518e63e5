import type { Attack } from "../arena.ts";
import { administrator } from "./administrator.ts";
import { control } from "./control.ts";
import { deaf } from "./deaf.ts";
import { ethernetClients } from "./ethernet.ts";
import { farEnd } from "./far-end.ts";
import { frames } from "./frames.ts";
import { strangers } from "./strangers.ts";

/** Every kind of attack, in the order of the report. */
export const ATTACKS: readonly Attack[] = [
  control,
  deaf,
  frames,
  strangers,
  administrator,
  farEnd,
  ethernetClients,
];
