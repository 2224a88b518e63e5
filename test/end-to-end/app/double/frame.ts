/** `WebFrameMain`: a frame of a page, with the URL that it shows now. */
export class FrameDouble {
  readonly frameToken: string;
  #url = "";

  constructor(frameToken: string) {
    this.frameToken = frameToken;
  }

  get url(): string {
    return this.#url;
  }

  /** As Chromium has it: what another scheme than the web's has for an origin. */
  get origin(): string {
    return /^[a-z]+:\/\/[^/?#]+/.exec(this.#url)?.[0] ?? "null";
  }

  navigated(url: string): void {
    this.#url = url;
  }
}
