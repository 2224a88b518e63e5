/**
 * Returns how often a test repeats what takes long each time: `usual` on every commit, and `many` in the run of every
 * night, which sets `LANEWAY_TEST_REPEATS` to `many`.
 */
export function repeats(usual: number, many: number): number {
  return process.env["LANEWAY_TEST_REPEATS"] === "many" ? many : usual;
}
