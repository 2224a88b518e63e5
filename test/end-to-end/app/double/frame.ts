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

  navigated(url: string): void {
    this.#url = url;
  }
}
