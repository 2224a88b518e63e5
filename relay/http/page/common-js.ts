/** Where CommonJS modules come from. */
export interface CommonJsSource {
  /** The text of a file. */
  read(path: string): string;
  /** The file that `require(specifier)` means in another file. */
  resolve(specifier: string, from: string): string;
}

/**
 * A package of CommonJS modules as one ES module, for a browser that has to do without a build step: each file
 * becomes a function, called by whoever requires it first.
 *
 * @param entry the file whose exports those of the module are
 * @param names which of them
 */
export function commonJsAsModule(entry: string, names: readonly string[], source: CommonJsSource): string {
  const files = new Map<string, number>();
  const functions: string[] = [];
  const add = (path: string): number => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const id = files.size;
    files.set(path, id);
    const text = source
      .read(path)
      .replace(
        /\brequire\((["'])([^"']+)\1\)/g,
        (_call, _quote, specifier: string) => `require(${add(source.resolve(specifier, path))})`,
      );
    functions[id] = `(module, exports, require) => {\n${text}\n}`;
    return id;
  };
  add(entry);
  return `const files = [\n${functions.join(",\n")}\n];
const loaded = new Map();
function require(id) {
  let module = loaded.get(id);
  if (module === undefined) {
    module = { exports: {} };
    loaded.set(id, module);
    files[id](module, module.exports, require);
  }
  return module.exports;
}
export const { ${names.join(", ")} } = require(0);
`;
}
