/**
 * The simple commands of a shell script, with the syntax that documents use:
 * quotes, comments, pipes, lists, redirections and groups.
 *
 * @module
 */

/**
 * Splits a script into its simple commands.
 *
 * @returns The words of each command, without redirections.
 */
export function commandsOf(script: string): string[][] {
  const commands: string[][] = [[]];
  for (const token of tokensOf(script.replaceAll(/\\\n\s*/g, " "))) {
    if (token.isEnd) commands.push([]);
    else commands.at(-1)!.push(token.word);
  }
  return commands.map(withoutRedirections).filter(({ length }) => length > 0);
}

interface Token {
  word: string;
  /** Whether a command ends here. */
  isEnd?: true;
}

const TOKEN =
  /(?<space>[ \t]+)|(?<comment>(?<=^|[\s;|&(])#[^\n]*)|(?<redirection>\d?(?:>>|[<>])\s*)|(?<end>[|&;()\n]+)|(?<part>'[^']*'|"[^"]*"|\\.|[^\s|&;()<>'"\\]+)/gy;

function* tokensOf(script: string): Generator<Token> {
  let word: string | undefined;
  for (const { groups = {} } of script.matchAll(TOKEN)) {
    const { end, part, redirection } = groups;
    if (part !== undefined) {
      word = (word ?? "") + unquoted(part);
      continue;
    }
    if (word !== undefined) yield { word };
    word = undefined;
    if (redirection !== undefined) yield { word: ">" };
    if (end !== undefined) yield { word: end, isEnd: true };
  }
  if (word !== undefined) yield { word };
}

function unquoted(part: string): string {
  if (/^['"]/.test(part)) return part.slice(1, -1);
  return part.startsWith("\\") ? part.slice(1) : part;
}

function withoutRedirections(words: string[]): string[] {
  return words.filter((word, index) =>
    word !== ">" && words[index - 1] !== ">"
  );
}
