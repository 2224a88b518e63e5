/** `WebFrameMain`: a frame of a page, with its current URL. */
export class FrameDouble {
  readonly frameToken: string;
  #url = "";

  constructor(frameToken: string) {
    this.frameToken = frameToken;
  }

  get url(): string {
    return this.#url;
  }

  /** As in Chromium: the origin of a scheme that is not the web's. */
  get origin(): string {
    return /^[a-z]+:\/\/[^/?#]+/.exec(this.#url)?.[0] ?? "null";
  }

  navigated(url: string): void {
    this.#url = url;
  }
}
