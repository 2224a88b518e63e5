import { idOf, SERVICE_NAME } from "../../../rpc/socket-path.ts";
import type { PeerCredentials } from "./socket-native.ts";

/** Decides which users may change things: root, the agent's user, and members of the service's group. */
export class Authority {
  readonly #uid: number | undefined;
  readonly #groupOf: () => number | undefined;

  /**
   * @param uid the agent's own
   * @param groupOf returns the group's current number; undefined if there is no such group
   */
  constructor(
    uid: number | undefined = process.getuid?.(),
    groupOf: () => number | undefined = () => idOf("/etc/group", SERVICE_NAME),
  ) {
    this.#uid = uid;
    this.#groupOf = groupOf;
  }

  mayChange({ uid, gids }: PeerCredentials): boolean {
    if (uid === 0 || uid === this.#uid) return true;
    const group = this.#groupOf();
    return group !== undefined && gids.has(group);
  }
}
