// The operator's page as a person uses it, for tests.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A page, with everything that went wrong in it. */
export class OperatorPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, violations of the policy among them, and what scripts threw. */
  readonly complaints: string[] = [];
  /** URLs that were asked for. */
  readonly requests: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => this.requests.push(request.url()));
  }

  /**
   * Opens a URL in a context of its own, which shares nothing with others.
   *
   * @param before what is done to the page before it is there
   */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    before: (page: Page) => Promise<void> = async () => {},
  ): Promise<OperatorPage> {
    const context = await browser.newContext({
      locale: "en-GB",
      colorScheme: "light",
      reducedMotion: "reduce",
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    context.setDefaultTimeout(30_000);
    const opened = new OperatorPage(await context.newPage());
    await before(opened.page);
    await opened.page.goto(url);
    return opened;
  }

  /** Opens the page of a relay and signs in. */
  static async signedIn(
    browser: Browser,
    url: string,
    token: string,
    options: BrowserContextOptions = {},
  ): Promise<OperatorPage> {
    const opened = await OperatorPage.open(browser, url, options);
    await opened.signIn(token);
    return opened;
  }

  async signIn(token: string): Promise<void> {
    await this.page.locator("input[name=token]").fill(token);
    await this.page.keyboard.press("Enter");
    await this.page.locator("main h1:focus").waitFor();
  }

  /** Goes to a screen by its fragment, and waits until it has what it shows. */
  async go(fragment: string): Promise<void> {
    await this.page.evaluate(`new Promise((resolve) => {
      const painted = () => requestAnimationFrame(() => requestAnimationFrame(resolve));
      if (location.hash === ${JSON.stringify(fragment)}) return painted();
      addEventListener("hashchange", painted, { once: true });
      location.hash = ${JSON.stringify(fragment)};
    })`);
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.page.locator("main h1").waitFor();
    await this.page.locator(".empty[role=status]").waitFor({ state: "detached" });
  }

  /** The row of a table with these words in it. */
  row(words: string) {
    return this.page.getByRole("row").filter({ hasText: words });
  }

  /** What the element with the focus says. */
  async focused(): Promise<string | null> {
    return await this.page.locator(":focus").textContent();
  }

  /** How wide it would have to be for nothing to be outside, in pixels more than it is. */
  async overflow(): Promise<number> {
    return await this.page.evaluate("document.documentElement.scrollWidth - innerWidth");
  }

  /** The colour behind everything. */
  async ground(): Promise<string> {
    return await this.page.evaluate("getComputedStyle(document.body).backgroundColor");
  }

  /** Has the page believe that nobody sees it, or that somebody does. */
  async hide(hidden: boolean): Promise<void> {
    await this.page.evaluate(`
      Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
      document.dispatchEvent(new Event("visibilitychange"));
    `);
  }

  button(name: string) {
    return this.page.getByRole("button", { name, exact: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
