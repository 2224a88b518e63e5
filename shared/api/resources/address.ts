import { z } from "zod";

export const newAddress = z
  .strictObject({
    address: z
      .string()
      .max(15)
      .meta({ examples: ["10.20.0.7"] }),
    device: z
      .string()
      .max(256)
      .optional()
      .meta({ description: "The device to assign it to; without one the address is reserved." }),
  })
  .meta({ id: "NewAddress" });
export type NewAddress = z.input<typeof newAddress>;

export const address = z
  .object({
    id: z.string().meta({ description: "The address itself, as the path of a deletion has it." }),
    address: z.string(),
    address6: z.string().nullable().meta({ description: "The device's IPv6 address, once it has one." }),
    device: z.string().nullable(),
    mac: z
      .string()
      .nullable()
      .meta({ description: "The MAC address of a machine that uses it without an assignment." }),
    kind: z.enum(["given", "fixed", "reserved", "in-use"]),
  })
  .meta({ id: "Address", description: "A taken address of a network." });
export type Address = z.infer<typeof address>;
