/** A point of the drawing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Size of the drawing, in its own units. */
export const WIDTH = 860;
export const HEIGHT = 420;
/** Margin for the names beside the outermost nodes. */
const MARGIN_X = 110;
const MARGIN_Y = 62;

export const CENTRE: Point = { x: WIDTH / 2, y: HEIGHT / 2 };

/**
 * Returns the places of the machines, on an ellipse around the relay. The first, this machine, is at the left; the
 * others follow clockwise.
 *
 * @param count at least one
 */
export function places(count: number): readonly Point[] {
  const radiusX = WIDTH / 2 - MARGIN_X;
  const radiusY = HEIGHT / 2 - MARGIN_Y;
  return Array.from({ length: count }, (_, index) => {
    const angle = Math.PI + (2 * Math.PI * index) / count;
    return {
      x: Math.round(CENTRE.x + radiusX * Math.cos(angle)),
      y: Math.round(CENTRE.y + radiusY * Math.sin(angle)),
    };
  });
}

/** Returns the middle of two points, for the label of a path. */
export function between(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** Shortens a name so that it fits below its node. */
export function shorten(name: string, length = 20): string {
  return name.length <= length ? name : `${name.slice(0, length - 1)}…`;
}
