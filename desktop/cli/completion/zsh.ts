import type { CompletionCommand } from "./tree.ts";

/** Returns a script that completes `laneway` in zsh. */
export function zshCompletion(tree: readonly CompletionCommand[]): string {
  const below = tree.flatMap(({ path, children }) => children.map(({ name }) => `${path}:${name}`));
  const valued = tree.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== "none")
      .flatMap((option) => option.names.map((name) => ({ at: `${path}:${name}`, value: option.value }))),
  );
  const completed = valued.map(({ at, value }) => `    ${quoted(at)}) ${valueAction(value)}; return ;;`);
  return `#compdef laneway
# Completion of laneway for zsh: a file called _laneway in a directory of $fpath.
_laneway() {
  local at= word
  local -a entries
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case "$at:$word" in
      ${valued.map((one) => quoted(one.at)).join("|")}) ((i++)) ;;
      ${below.map(quoted).join("|")}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at:\${words[CURRENT - 1]}" in
${completed.join("\n")}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    case "$at" in
${tree.map((command) => `      ${quoted(command.path)}) entries=(${optionEntries(command)}) ;;`).join("\n")}
    esac
    _describe -o 'option' entries
  else
    case "$at" in
${tree.map((command) => `      ${quoted(command.path)}) entries=(${argumentEntries(command)}) ;;`).join("\n")}
    esac
    (( \${#entries} )) && _describe 'command' entries
  fi
}
if [[ \${funcstack[1]} == _laneway ]]; then
  _laneway "$@"
else
  compdef _laneway laneway
fi
`;
}

function valueAction(value: CompletionCommand["options"][number]["value"]): string {
  if (value === "file") return "_files";
  if (typeof value === "string") return "_message 'value'";
  return `compadd -- ${value.map(quoted).join(" ")}`;
}

function optionEntries({ options }: CompletionCommand): string {
  return options.flatMap(({ names, description }) => names.map((name) => entry(name, description))).join(" ");
}

function argumentEntries({ children, choices }: CompletionCommand): string {
  const commands = children.map(({ name, description }) => entry(name, description));
  return [...commands, ...choices.map((choice) => entry(choice, choice))].join(" ");
}

/** `name:description`, for _describe. */
function entry(name: string, description: string): string {
  return quoted(`${name.replaceAll(":", "\\:")}:${description}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
