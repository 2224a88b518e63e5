import { knownKeys } from "./strict.ts";

type Handler = (request: Request) => Response | Promise<Response>;

const PRIVILEGES = ["standard", "secure", "supportFetchAPI"];

/** `protocol`: the app's own schemes. */
export class ProtocolDouble {
  readonly #isReady: () => boolean;
  readonly #registered = new Map<string, Record<string, boolean>>();
  readonly #handlers = new Map<string, Handler>();

  constructor(isReady: () => boolean) {
    this.#isReady = isReady;
  }

  registerSchemesAsPrivileged(schemes: { scheme: string; privileges: Record<string, boolean> }[]): void {
    if (this.#isReady()) {
      throw new Error("protocol.registerSchemesAsPrivileged should be called before app is ready");
    }
    for (const { scheme, privileges } of schemes) {
      // Unknown ones include bypassCSP and the like.
      knownKeys("a scheme's privileges", privileges, PRIVILEGES);
      this.#registered.set(scheme, privileges);
    }
  }

  handle(scheme: string, handler: Handler): void {
    if (!this.#isReady()) throw new Error("protocol.handle can only be called when the app is ready");
    const privileges = this.#registered.get(scheme);
    if (privileges?.["standard"] !== true || privileges["secure"] !== true) {
      throw new Error(`the double shows pages of standard, secure schemes alone, which '${scheme}' is not`);
    }
    if (this.#handlers.has(scheme)) throw new Error("The scheme has been intercepted");
    this.#handlers.set(scheme, handler);
  }

  /** Returns the handler of a URL; undefined for schemes that are not ours. */
  handlerOf(url: string): Handler | undefined {
    return this.#handlers.get(new URL(url).protocol.slice(0, -1));
  }
}
