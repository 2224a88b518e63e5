import { usage } from "../../../../shared/values/fault.ts";

/** Characters of a link at most: there is more in nothing that is one. */
const LINK_CHARACTERS = 4_096;

/**
 * The invite's link, from where it is: given, on standard input (`-`), or in the environment, where no other user sees
 * it.
 *
 * @throws Fault where it is nowhere
 */
export async function inviteLink(given: string | undefined): Promise<string> {
  if (given === "-") return await firstLine(process.stdin);
  const link = given ?? process.env["LANEWAY_INVITE"];
  if (link !== undefined && link !== "") return link;
  throw usage(
    "usage.invite",
    "no invite's link is given",
    "Put it in quotes behind 'laneway join', set LANEWAY_INVITE, or pass it on standard input to 'laneway join -'.",
  );
}

/** The first line that has something in it. */
async function firstLine(input: AsyncIterable<string | Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of input) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    text = text.trimStart();
    if (text.includes("\n") || text.length > LINK_CHARACTERS) break;
  }
  return text.split("\n", 1)[0]?.trim() ?? "";
}
