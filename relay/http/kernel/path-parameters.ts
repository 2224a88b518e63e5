import { z } from "zod";

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  tenant: "The tenant's name.",
  network: "The network's name.",
  token: "The access token's id: not the token itself.",
  invite: "The invite's id.",
  device: "The device's id.",
  admin: "The administrator's id.",
  address: "The address, as its row has it for an `id`.",
  mac: "The MAC address.",
};

/**
 * Returns the schema of a path's parameters, or undefined if it has none. Sets no length limit, because any text gets
 * an answer.
 */
export function pathParameters(path: string): z.ZodObject | undefined {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  if (names.length === 0) return undefined;
  return z.object(
    Object.fromEntries(
      names.map((name) => [name, z.string().meta({ description: DESCRIPTIONS[name] ?? name })]),
    ),
  );
}
