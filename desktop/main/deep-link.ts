/** Passes `laneway://` links with an invite to the screen that accepts them. */
import { parseInviteLink } from "../../shared/api/invite-link.ts";

export const LINK_SCHEME = "laneway";

/** Maximum characters of a link; longer ones are ignored. */
const LINK_CHARACTERS = 2_048;

/**
 * Returns the invite among a program's arguments; undefined without one. Any program can start us with any argument, so
 * only a complete invite link is accepted, and it is shown, never followed.
 */
export function inviteAmong(args: readonly string[]): string | undefined {
  return args.find(
    (arg) =>
      arg.startsWith(`${LINK_SCHEME}://`) &&
      arg.length <= LINK_CHARACTERS &&
      parseInviteLink(arg) !== undefined,
  );
}

/** The link that waits for the window: the newest, because only one can be shown. */
export class PendingLink {
  readonly #arrived: (link: string) => void;
  #link: string | undefined;

  /** @param arrived called with a link that was opened */
  constructor(arrived: (link: string) => void) {
    this.#arrived = arrived;
  }

  get link(): string | undefined {
    return this.#link;
  }

  /** Takes the invite among these arguments, if there is one. */
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
