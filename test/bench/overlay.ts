import { findCommand } from "../../tools/find-command.ts";
import type { Star } from "./star.ts";

/** A command, and the Debian package that contains it. */
export interface Need {
  readonly command: string;
  readonly package: string;
}

/** The end of an overlay: an interface of that name in both clients, or, without one, `b`'s own address. */
export type Ends = { readonly device: string } | { readonly target: string };

/** An overlay that carries frames, or at least packets, from one client of a star to the other. */
export interface Overlay {
  readonly name: string;
  /** Its name, for tables. */
  readonly label: string;
  readonly kind: "own" | "peer" | "kernel";
  readonly needs: readonly Need[];
  /** Starts it; the star ends it. Its interfaces may appear later, and {@link ready} assigns their addresses. */
  start(star: Star): Promise<Ends>;
}

/** Returns the Debian packages that an overlay needs and this machine lacks. */
export function missingPackages(overlay: Overlay): string[] {
  return [
    ...new Set(overlay.needs.filter(({ command }) => !findCommand(command)).map((need) => need.package)),
  ];
}

/**
 * Waits until packets pass.
 *
 * @returns the address at which `a` reaches `b` through it
 */
export async function ready(star: Star, ends: Ends): Promise<string> {
  let target = star.b.overlayAddress;
  if ("target" in ends) {
    target = ends.target;
  } else {
    const { device } = ends;
    for (const { host, overlayAddress } of star.arms) {
      await star.until(`the interface ${device}`, () =>
        star.succeeds(host, "ip", ["link", "set", device, "up"]),
      );
      await star.ip(host, `address replace ${overlayAddress}/24 dev ${device}`);
    }
  }
  await star.until("an answer from b", () =>
    star.succeeds(star.a.host, "ping", ["-c", "1", "-W", "1", target]),
  );
  return target;
}
