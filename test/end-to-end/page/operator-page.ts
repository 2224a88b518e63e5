// Drives the operator's page as a person does, for tests.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A page with all its errors. */
export class OperatorPage implements AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, including policy violations, and exceptions of scripts. */
  readonly complaints: string[] = [];
  /** URLs of all requests. */
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
   * Opens a URL in its own browser context.
   *
   * @param before prepares the page before it loads
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

  /** Opens a relay's page and signs in. */
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

  /** Goes to a screen by its fragment, and waits until it has loaded. */
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

  /** Returns the table row that contains these words. */
  row(words: string) {
    return this.page.getByRole("row").filter({ hasText: words });
  }

  /** Returns the text of the focused element. */
  async focused(): Promise<string | null> {
    return await this.page.locator(":focus").textContent();
  }

  /** Returns the width of the content outside the page, in pixels. */
  async overflow(): Promise<number> {
    return await this.page.evaluate("document.documentElement.scrollWidth - innerWidth");
  }

  /** Returns the background's colour. */
  async ground(): Promise<string> {
    return await this.page.evaluate("getComputedStyle(document.body).backgroundColor");
  }

  /** Makes the page believe that it is hidden or visible. */
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
