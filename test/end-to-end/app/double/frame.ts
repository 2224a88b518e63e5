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

  navigated(url: string): void {
    this.#url = url;
  }
}
