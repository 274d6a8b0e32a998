/**
 * Completion for fish.
 *
 * @module
 */

import {
  type DescribedCommand,
  type DescribedOption,
  describeOptions,
  groupsOf,
  UNNAMED,
} from "./described.ts";

/**
 * Writes the script that completes the commands, options and values of Sluice.
 *
 * @param commands All commands.
 * @returns The script, for `~/.config/fish/completions/sluice.fish`.
 */
export function fishCompletion(commands: readonly DescribedCommand[]): string {
  const singles = commands.filter(({ name }) => !name.includes(" "));
  const groups = groupsOf(commands);
  const lines = [
    ...singles.map(({ brief, name }) => word("__sluice_is ''", name, brief)),
    ...[...groups].flatMap(([first, members]) => [
      word(
        "__sluice_is ''",
        first,
        members.map(({ name }) => name.split(" ")[1]).join(", "),
      ),
      ...members.map(({ brief, name }) =>
        word(`__sluice_is ${first}`, name.split(" ")[1]!, brief)
      ),
    ]),
    ...commands.flatMap(operandLines),
    ...commands.flatMap(({ name, options }) =>
      describeOptions(options).map((option) => optionLine(name, option))
    ),
  ];
  return `# Completes sluice in fish: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_command
    set -l words (commandline -opc)[2..]
    set -l first "$words[1]"
    switch "$first"
        case ${[...groups.keys()].join(" ")}
            string join ' ' -- $words[1..2]
        case '-*'
            echo ${UNNAMED}
        case '*'
            echo "$first"
    end
end

function __sluice_is
    test "$(__sluice_command)" = "$argv[1]"
end

function __sluice_after
    __sluice_is "$argv[1]"; and test "$(commandline -opc)[-1]" = "$argv[2]"
end

function __sluice_takes
    set -l command (__sluice_command)
    test "$command" = "$argv[1]"; or test "$argv[1]" = ${UNNAMED} -a "$command" = ''
end

${lines.join("\n")}
`;
}

function word(condition: string, name: string, brief: string): string {
  return `complete -c sluice -f -n ${quoted(condition)} -a ${quoted(name)} -d ${
    quoted(brief)
  }`;
}

/** Words in place of files. */
function operandLines(
  { name, operands = new Map() }: DescribedCommand,
): string[] {
  const lines = [...operands].map(([before, words]) => {
    const condition = quoted(`__sluice_after '${name}' ${before}`);
    return `complete -c sluice -n ${condition} -a ${quoted(words.join(" "))}`;
  });
  if (lines.length === 0) return [];
  return [
    `complete -c sluice -f -n ${quoted(`__sluice_is '${name}'`)}`,
    ...lines,
  ];
}

function optionLine(command: string, option: DescribedOption): string {
  const { brief, isPath, name, short, value, words } = option;
  const parts = [
    `complete -c sluice -n ${quoted(`__sluice_takes '${command}'`)} -l ${name}`,
    ...short === undefined ? [] : [`-s ${short}`],
    ...value === undefined ? [] : [isPath ? "-r -F" : "-x"],
    ...words.length === 0 ? [] : [`-a ${quoted(words.join(" "))}`],
    `-d ${quoted(brief)}`,
  ];
  return parts.join(" ");
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
