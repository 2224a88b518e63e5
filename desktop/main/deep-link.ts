/** `laneway://` links: an invite, clicked somewhere, on its way to the screen where it is accepted. */
import { parseInviteLink } from "../../shared/api/invite-link.ts";

export const LINK_SCHEME = "laneway";

/** Longer ones are none of ours, whatever they look like. */
const LINK_CHARACTERS = 2_048;

/**
 * The invite among the arguments that a program was started with; undefined where there is none. Anybody can make the system
 * start us with any argument, so nothing but a whole invite link is taken from there, and it is only shown, never followed.
 */
export function inviteAmong(args: readonly string[]): string | undefined {
  return args.find(
    (arg) =>
      arg.startsWith(`${LINK_SCHEME}://`) &&
      arg.length <= LINK_CHARACTERS &&
      parseInviteLink(arg) !== undefined,
  );
}

/** The link that waits for the window to take it: the newest, since only one can be shown. */
export class PendingLink {
  readonly #arrived: (link: string) => void;
  #link: string | undefined;

  /** @param arrived is told of a link that was opened */
  constructor(arrived: (link: string) => void) {
    this.#arrived = arrived;
  }

  get link(): string | undefined {
    return this.#link;
  }

  /** Takes the invite among these arguments, where there is one. */
  offer(args: readonly string[]): void {
    const link = inviteAmong(args);
    if (link === undefined) return;
    this.#link = link;
    this.#arrived(link);
  }

  taken(): void {
    this.#link = undefined;
  }
}
