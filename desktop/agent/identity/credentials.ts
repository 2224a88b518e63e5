/** Credentials of a client, by either method of docs/protocol.md, "Opening". */
import { Close } from "../../../shared/protocol/close.ts";
import type { Hello, RelayMessage } from "../../../shared/protocol/control.ts";
import { sessionText } from "../../../shared/protocol/signed-text.ts";
import type { DeviceKey } from "./device-key.ts";

export type Challenge = Extract<RelayMessage, { type: "challenge" }>;
export type Auth = NonNullable<Hello["auth"]>;

export interface Credentials {
  /** Their name in texts for users. */
  readonly kind: "token" | "device";
  /** Returns the `auth` of a `hello` for this challenge. */
  answer(challenge: Challenge): Auth;
  /**
   * Returns the next step in one line after the relay refused or withdrew the credentials, by close code; undefined for
   * other codes.
   */
  advice(code: number): string | undefined;
  /** The next step to get access to more networks, in one line. */
  readonly moreNetworks: string;
}

/** Returns credentials by an access token, which is shown to any relay that is dialled. */
export function tokenCredentials(token: string): Credentials {
  const advices: Readonly<Record<number, string>> = {
    [Close.refused]: "Create a new one with 'laneway token create', and check that it is complete.",
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
  /** The relay's base URL as dialled. */
  readonly relay: URL;
  /** The relay's ID of the device. */
  readonly device: string;
  readonly key: DeviceKey;
}

/**
 * Returns credentials by a device's key. The signature names the origin that was dialled, not the challenge's. So a man
 * in the middle that forwards the real relay's challenge cannot use it. A client does not refuse a challenge that names
 * another origin: the signature is already bound, and a relay with several names may know which one was used. If such a
 * relay then refuses the client, the user is told this reason.
 */
export function deviceCredentials({ relay, device, key }: DeviceIdentity): Credentials {
  const anew = "Ask its operator for a new invite, and open it with 'laneway join LINK'.";
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
      return `It expects to be reached at '${elsewhere}': ask its operator to correct --public-url.`;
    },
  };
}
