/**
 * Completion for zsh.
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
 * Writes the function that completes the commands, options and values of Sluice.
 *
 * @param commands All commands.
 * @returns The function, for a file `_sluice` in a folder of `fpath`, or for
 *   `eval "$(sluice completion zsh)"`.
 */
export function zshCompletion(commands: readonly DescribedCommand[]): string {
  const groups = groupsOf(commands);
  return `#compdef sluice
# Completes sluice in zsh: put this into a folder of fpath as _sluice, or
# eval "$(sluice completion zsh)"
_sluice_commands() {
  local -a commands=(
${firstWords(commands).map((line) => `    ${line}`).join("\n")}
  )
  _describe -t commands command commands
}

_sluice() {
  local command=\${words[2]}
  case $command in
${[...groups].map(([first, members]) => groupCase(first, members)).join("\n")}
    -* | '') command=${UNNAMED} ;;
  esac
  if ((CURRENT == 2)) && [[ \${words[CURRENT]} != -* ]]; then
    _sluice_commands
    return
  fi
  case $command in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ \${funcstack[1]} == _sluice ]]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;
}

/** The first words of commands. Commands with the same first word share a line. */
function firstWords(commands: readonly DescribedCommand[]): string[] {
  const byFirst = Map.groupBy(commands, ({ name }) => name.split(" ")[0]!);
  return [...byFirst].map(([first, members]) => {
    const seconds = members.map(({ name }) => name.split(" ")[1]);
    const text = members[0]!.name === first
      ? members[0]!.brief
      : seconds.join(", ");
    return quoted(`${first}:${text.replaceAll(":", "\\:")}`);
  });
}

function groupCase(first: string, members: readonly DescribedCommand[]) {
  const seconds = members.map(({ brief, name }) =>
    quoted(`${name.split(" ")[1]}:${brief.replaceAll(":", "\\:")}`)
  );
  return `    ${first})
      if ((CURRENT == 3)); then
        local -a seconds=(${seconds.join(" ")})
        _describe -t commands command seconds
        return
      fi
      command="${first} \${words[3]}"
      words=("$command" "\${(@)words[4,-1]}")
      ((CURRENT -= 2)) ;;`;
}

function commandCase({ name, operands, options }: DescribedCommand): string {
  const specs = describeOptions(options).flatMap(specsOf);
  return `    ${quoted(name)})
      _arguments -s -S ${
    [...specs, operandSpec(operands)].join(" \\\n        ")
  } ;;`;
}

function operandSpec(operands: OperandWords = new Map()): string {
  if (operands.size === 0) return "'*:file:_files'";
  const cases = [...operands].map(([before, words]) =>
    `${before}) compadd -- ${words.join(" ")} ;;`
  );
  return quoted(
    `*:word:{ case \${words[CURRENT-1]} in ${cases.join(" ")} esac }`,
  );
}

/** One argument of `_arguments` per spelling: `'--log[…]:text|json:(text json)'`. */
function specsOf(option: DescribedOption): string[] {
  const { brief, isPath, isRepeatable, spellings, value, words } = option;
  const others = isRepeatable ? "*" : `(${spellings.join(" ")})`;
  const text = brief.replace(/[[\]:\\]/g, "\\$&");
  const action = isPath
    ? "_files"
    : words.length > 0
    ? `(${words.join(" ")})`
    : " ";
  const message = value?.replace(/[:\\]/g, "\\$&");
  return spellings.map((spelling) =>
    quoted(
      `${others}${spelling}[${text}]${
        message === undefined ? "" : `:${message}:${action}`
      }`,
    )
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
