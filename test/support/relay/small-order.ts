/**
 * The points of small order of edwards25519, computed (RFC 8032 section 5.1) and not from a list: every text of 32
 * bytes for one of them, canonical or not.
 */
import { Buffer } from "node:buffer";

const P = 2n ** 255n - 19n;
const D = mod(-121_665n * inverse(121_666n));

type Point = readonly [x: bigint, y: bigint];

const IDENTITY: Point = [0n, 1n];

/** All encodings, base64url. */
export function smallOrderKeys(): string[] {
  const keys = new Set<string>();
  for (const [, y] of smallOrderPoints()) {
    for (const written of [y, y + P]) {
      if (written >= 2n ** 255n) continue;
      // Either sign of x, even if x is 0, for which RFC 8032 allows only one.
      for (const sign of [0n, 1n]) keys.add(encode(written + (sign << 255n)));
    }
  }
  return [...keys];
}

/** Returns an integer as 32 bytes, the lowest first, base64url. */
export function encode(integer: bigint): string {
  return Buffer.from(integer.toString(16).padStart(64, "0"), "hex").reverse().toString("base64url");
}

/**
 * Returns all eight: multiples of a point of order 8, which any point becomes when multiplied by the large prime order.
 */
function smallOrderPoints(): Point[] {
  const large = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  for (let y = 2n; ; y++) {
    const x = xOf(y);
    if (x === undefined) continue;
    const point = multiply(large, [x, y]);
    const points: Point[] = [];
    for (let i = 0n; i < 8n; i++) points.push(multiply(i, point));
    if (new Set(points.map(String)).size === 8) return points;
  }
}

function xOf(y: bigint): bigint | undefined {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  for (const root of [
    power(square, (P + 3n) / 8n),
    power(square, (P + 3n) / 8n) * power(2n, (P - 1n) / 4n),
  ]) {
    if (mod(root * root) === square) return mod(root);
  }
  return undefined;
}

function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = D * x1 * x2 * y1 * y2;
  return [mod((x1 * y2 + x2 * y1) * inverse(1n + product)), mod((y1 * y2 + x1 * x2) * inverse(1n - product))];
}

function multiply(times: bigint, point: Point): Point {
  let sum = IDENTITY;
  let doubled = point;
  for (let left = times; left > 0n; left >>= 1n) {
    if (left & 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n);
}
