import { z } from "zod";
import { name as networkName } from "../fields.ts";

const text = z.string().max(256);

export const enrolment = z
  .object({
    tenant: text.meta({ description: "From the invite's link.", examples: ["acme"] }),
    invite: text.meta({ description: "The invite's secret, from its link: 43 characters of base64url." }),
    // Restricted because other people read the name in terminals.
    name: z
      .string()
      .max(64)
      .refine((name) => /^(?=.*\S)[^\p{C}\p{Zl}\p{Zp}]+$/u.test(name), {
        error: "something to read, without control characters",
      })
      .meta({
        description: "The device's name, without control characters.",
        examples: ["laptop"],
      }),
    public_key: text.meta({
      description: "The device's Ed25519 public key, 32 bytes, base64url without padding.",
    }),
    proof: text.meta({
      description:
        "Ed25519 signature (RFC 8032), 64 bytes, base64url without padding, of the text described above.",
    }),
  })
  .meta({ id: "Enrolment" });
export type Enrolment = z.input<typeof enrolment>;

export const enrolled = z
  .object({
    device: z.string().meta({ description: "The device's id, with which it opens sessions." }),
    tenant: networkName,
    name: z.string(),
    networks: z
      .array(z.object({ name: networkName, vni: z.int() }))
      .meta({ description: "The networks that the device belongs to now." }),
  })
  .meta({ id: "Enrolled" });
export type Enrolled = z.infer<typeof enrolled>;
