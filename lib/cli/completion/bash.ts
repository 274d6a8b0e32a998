/**
 * Completion for bash, without bash-completion.
 *
 * @module
 */

import {
  type DescribedCommand,
  type DescribedOption,
  describeOptions,
  groupsOf,
  type OperandWords,
  UNNAMED,
} from "./described.ts";

/**
 * Writes the script that completes the commands, options and values of Sluice.
 *
 * @param commands All commands.
 * @returns The script, for `eval "$(sluice completion bash)"`.
 */
export function bashCompletion(commands: readonly DescribedCommand[]): string {
  const groups = groupsOf(commands);
  const firsts = new Set(commands.map(({ name }) => name.split(" ")[0]!));
  return `# Completes sluice in bash: eval "$(sluice completion bash)"
_sluice_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}

_sluice_files() {
  compopt -o filenames 2>/dev/null
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "$current"))
}

_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command=\${COMP_WORDS[1]} options
  COMPREPLY=()
  case $command in
${[...groups].map(([first, members]) => groupCase(first, members)).join("\n")}
    -* | '') command=${UNNAMED} ;;
  esac
  case $command in
${commands.map(commandCase).join("\n")}
    *) options= ;;
  esac
  if ((COMP_CWORD == 1)); then
    _sluice_words "${[...firsts].join(" ")} $options"
  elif [[ $current == -* ]]; then
    _sluice_words "$options"
  else
    _sluice_files
  fi
}
complete -F _sluice sluice
`;
}

function groupCase(first: string, members: readonly DescribedCommand[]) {
  const seconds = members.map(({ name }) => name.split(" ")[1]).join(" ");
  return `    ${first})
      if ((COMP_CWORD == 2)); then
        _sluice_words "${seconds}"
        return
      fi
      command="${first} \${COMP_WORDS[2]}" ;;`;
}

function commandCase(
  { name, operands, options }: DescribedCommand,
): string {
  const described = describeOptions(options);
  const spellings = described.flatMap((option) => option.spellings);
  return `    ${JSON.stringify(name)})
      options="${spellings.join(" ")}"
${valueCases(described)}${operandCases(operands)} ;;`;
}

/** Completes what follows the previous word, unless it is an option. */
function operandCases(operands: OperandWords = new Map()): string {
  if (operands.size === 0) return "";
  const cases = [...operands].map(([before, words]) =>
    `          ${before}) _sluice_words "${words.join(" ")}" ;;`
  );
  return `
      if ((COMP_CWORD > 1)) && [[ $current != -* ]]; then
        case $previous in
${cases.join("\n")}
        esac
        return
      fi`;
}

/** Completes the value of the previous option. */
function valueCases(options: readonly DescribedOption[]): string {
  const withValue = options.filter(({ value }) => value !== undefined);
  const byAction = Map.groupBy(withValue, actionOf);
  const cases = [...byAction].map(([action, members]) => {
    const names = members.flatMap(({ spellings }) => spellings).join(" | ");
    return `        ${names}) ${action} ;;`;
  });
  return cases.length === 0
    ? "      :"
    : `      case $previous in\n${cases.join("\n")}\n      esac`;
}

function actionOf({ isPath, words }: DescribedOption): string {
  if (isPath) return "_sluice_files; return";
  return words.length === 0
    ? "return"
    : `_sluice_words "${words.join(" ")}"; return`;
}
