import type { CompletionCommand, CompletionOption } from "./tree.ts";

/** Returns a script that completes `laneway` in fish. */
export function fishCompletion(tree: readonly CompletionCommand[]): string {
  const below = tree.flatMap(({ path, children }) => children.map(({ name }) => `${path}:${name}`));
  const valued = tree.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== "none")
      .flatMap((option) => option.names.map((name) => `${path}:${name}`)),
  );
  return `# Completion of laneway for fish: laneway completion fish | source
function __laneway_at
  set -l at ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
    else if contains -- "$at:$word" ${valued.map(quoted).join(" ")}
      set skip 1
    else if contains -- "$at:$word" ${below.map(quoted).join(" ")}
      set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
complete -c laneway -f
${tree.flatMap(lines).join("\n")}
`;
}

function lines(command: CompletionCommand): string[] {
  // Quoted twice: it is a word of the script, and a command itself.
  const at = `complete -c laneway -n ${quoted(`__laneway_at ${quoted(command.path)}`)}`;
  return [
    ...command.children.map(({ name, description }) => `${at} -a ${quoted(name)} -d ${quoted(description)}`),
    ...command.choices.map((choice) => `${at} -a ${quoted(choice)}`),
    ...command.options.map((option) => `${at} ${flags(option)} -d ${quoted(option.description)}`),
  ];
}

function flags({ names, value }: CompletionOption): string {
  const parts = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  if (value === "file") parts.push("-r -F");
  else if (value === "any") parts.push("-x");
  else if (value !== "none") parts.push(`-x -a ${quoted(value.join(" "))}`);
  return parts.join(" ");
}

/** In fish, a backslash escapes itself and the single quote within single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
