/** How a client proves who it is, by either method of docs/protocol.md, "Opening". */
import { Close } from "../../../shared/protocol/close.ts";
import type { Hello, RelayMessage } from "../../../shared/protocol/control.ts";
import { sessionText } from "../../../shared/protocol/signed-text.ts";
import type { DeviceKey } from "./device-key.ts";

export type Challenge = Extract<RelayMessage, { type: "challenge" }>;
export type Auth = NonNullable<Hello["auth"]>;

export interface Credentials {
  /** What they are called in what users read. */
  readonly kind: "token" | "device";
  /** What `hello` says to this challenge. */
  answer(challenge: Challenge): Auth;
  /** One line of what to do once the relay has refused or withdrawn them, by its close code; undefined for others. */
  advice(code: number): string | undefined;
  /** One line of what to do for more networks. */
  readonly moreNetworks: string;
}

/** An access token: it is shown to whatever relay is dialled. */
export function tokenCredentials(token: string): Credentials {
  const advices: Readonly<Record<number, string>> = {
    [Close.refused]: "Make a new one with 'laneway token create', and check that it is whole.",
    [Close.revoked]: "Ask the relay's operator for a new token.",
  };
  return {
    kind: "token",
    moreNetworks: "Ask its operator for a new token.",
    answer: () => ({ method: "token", token }),
    advice: (code) => advices[code],
  };
}

/** An enrolled device at the relay that is dialled. */
export interface DeviceIdentity {
  /** The relay's base URL, as it is dialled. */
  readonly relay: URL;
  /** What the relay calls the device. */
  readonly device: string;
  readonly key: DeviceKey;
}

/**
 * A device's key.
 *
 * What is signed names the origin that we dialled, never the one that the challenge says: so a signature made for
 * whoever sits in the middle, with a challenge that it fetched from the real relay, is of no use there. The protocol
 * has no client refuse a challenge that names another origin, and nothing would be gained: the signature is already
 * bound, and a relay that is reached by several names may well know which of them was used. But where the relay then
 * refuses us, that is why, and the user is told.
 */
export function deviceCredentials({ relay, device, key }: DeviceIdentity): Credentials {
  const anew = "Ask its operator for a new invite, and open that with 'laneway join LINK'.";
  let elsewhere: string | undefined;
  return {
    kind: "device",
    moreNetworks: anew,
    answer: (challenge) => {
      elsewhere = challenge.relay === relay.origin ? undefined : challenge.relay.slice(0, 256);
      const signature = key.sign(sessionText(relay.origin, challenge.nonce, device));
      return { method: "device", device, signature };
    },
    advice: (code) => {
      if (code === Close.revoked) return anew;
      if (code !== Close.refused) return undefined;
      if (elsewhere === undefined) return anew;
      return `It believes that it is reached at '${elsewhere}': its operator sets that with --public-url.`;
    },
  };
}
