// Calls a relay's API from a host that reaches it: `URL TOKEN`, with a JSON array of `[method, path, body]` on standard
// input. Prints one JSON line for each: the status, and the answer's text.
import { text } from "node:stream/consumers";

const [url = "", token = ""] = process.argv.slice(2);
const requests = JSON.parse(await text(process.stdin)) as [string, string, unknown?][];
for (const [method, path, body] of requests) {
  const response = await fetch(`${url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  process.stdout.write(`${JSON.stringify({ status: response.status, text: await response.text() })}\n`);
}
