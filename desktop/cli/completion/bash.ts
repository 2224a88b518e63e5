import type { CompletionCommand, CompletionOption } from "./tree.ts";

/** Returns a script that completes `laneway` in bash. */
export function bashCompletion(tree: readonly CompletionCommand[]): string {
  const below = tree.flatMap(({ path, children }) => children.map(({ name }) => `${path}:${name}`));
  const valued = tree.flatMap((command) => names(command, ({ value }) => value !== "none"));
  const files = tree.flatMap((command) => names(command, ({ value }) => value === "file"));
  const choices = tree.flatMap(({ path, options }) =>
    options.flatMap(({ names, value }) =>
      typeof value === "string" ? [] : names.map((name) => ({ at: `${path}:${name}`, words: value })),
    ),
  );
  return `# Completion of laneway for bash: eval "$(laneway completion bash)"
_laneway() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at= i words=
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at:\${COMP_WORDS[i]}" in
      ${patterns(valued)}) ((i++)) ;;
      ${patterns(below)}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:$prev" in
${choices.map(({ at, words }) => `    ${quoted(at)}) words=${quoted(words.join(" "))} ;;`).join("\n")}
    ${patterns(files)})
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return ;;
    ${patterns(valued)}) return ;;
  esac
  if [[ -z $words ]]; then
    case "$at:$cur" in
${tree.map((command) => `      ${quoted(`${command.path}:-`)}*) words=${quoted(optionWords(command))} ;;`).join("\n")}
${tree.map((command) => `      ${quoted(`${command.path}:`)}*) words=${quoted(argumentWords(command))} ;;`).join("\n")}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _laneway laneway
`;
}

function names({ path, options }: CompletionCommand, which: (option: CompletionOption) => boolean): string[] {
  return options.filter(which).flatMap((option) => option.names.map((name) => `${path}:${name}`));
}

function optionWords({ options }: CompletionCommand): string {
  return options.flatMap((option) => option.names).join(" ");
}

function argumentWords({ children, choices }: CompletionCommand): string {
  return [...children.map(({ name }) => name), ...choices].join(" ");
}

/** Returns alternatives for a \`case\`; without any, a pattern that never matches. */
function patterns(texts: readonly string[]): string {
  return texts.length === 0 ? "''" : texts.map(quoted).join("|");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
