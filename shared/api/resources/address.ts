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
      .meta({ description: "The device that is to have it; without one the address is kept free." }),
  })
  .meta({ id: "NewAddress" });
export type NewAddress = z.input<typeof newAddress>;

export const address = z
  .object({
    id: z.string().meta({ description: "The address itself, which is what is deleted by." }),
    address: z.string(),
    address6: z.string().nullable().meta({ description: "The device's IPv6 address, once it has one." }),
    device: z.string().nullable(),
    mac: z.string().nullable().meta({ description: "Who uses it without having been given it." }),
    kind: z.enum(["given", "fixed", "reserved", "in-use"]),
  })
  .meta({ id: "Address", description: "An address of a network that is taken." });
export type Address = z.infer<typeof address>;
