/** The parameters in braces of a path, as strings. */
export type PathParameters<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & PathParameters<Rest>
  : unknown;

/** Returns the path with its parameters filled in, each encoded as one segment (RFC 3986 section 3.3). */
export function fillPath<Path extends string>(path: Path, params: PathParameters<Path>): string {
  const values = params as Readonly<Record<string, string>>;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}
