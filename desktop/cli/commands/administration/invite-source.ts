import { usage } from "../../../../shared/values/fault.ts";

/** Maximum length of a link, in characters: no valid link is longer. */
const LINK_CHARACTERS = 4_096;

/**
 * Returns the invite's link: the argument, or the first line of standard input (`-`), or the environment's, which other
 * users cannot see.
 *
 * @throws Fault if there is none
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

/** Returns the first line that is not empty. */
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
