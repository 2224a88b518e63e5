/** Where the double runs; set by launch.ts. */
export interface Place {
  /** Chromium's DevTools endpoint. */
  readonly devtools: string;
  /** The app's folder, with its package.json. */
  readonly appPath: string;
  readonly userData: string;
  readonly home: string;
  readonly locale: string;
  readonly packaged: boolean;
}

export const PLACE_VARIABLE = "LANEWAY_ELECTRON_DOUBLE";

export function readPlace(): Place {
  const text = process.env[PLACE_VARIABLE];
  if (text === undefined) throw new Error(`the double of electron needs ${PLACE_VARIABLE}`);
  return JSON.parse(text) as Place;
}
