/**
 * A topic of the manual as lines for a terminal.
 *
 * @module
 */

import { lexer, type Token, type Tokens } from "marked";
import {
  fit,
  type Style,
  styled,
  visibleLength,
  wrapWords,
} from "../cli/layout.ts";

/** Options for {@linkcode formatForTerminal}. */
export interface TerminalOptions {
  /** Most columns; tables may need more. */
  width: number;
  /** Whether the terminal shows bold, dim and underlined text. */
  isStyled: boolean;
}

/** Columns that code and list items are indented by. */
const INDENT = { code: 4, item: 2 } as const;

/** Columns between the columns of a table. */
const GAP = "  ";

/** Least width of a table column. */
const LEAST_COLUMN = 12;

/**
 * Formats Markdown for a terminal.
 *
 * @param markdown Headings, paragraphs, lists, tables, code and quotes.
 * @param options Width and style.
 * @returns Lines without their ends.
 */
export function formatForTerminal(
  markdown: string,
  options: TerminalOptions,
): string[] {
  const lines = blocks(lexer(markdown), options);
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

function blocks(tokens: readonly Token[], options: TerminalOptions): string[] {
  return tokens.flatMap((token) => {
    const lines = block(token, options);
    return lines.length === 0 ? [] : [...lines, ""];
  });
}

function block(token: Token, options: TerminalOptions): string[] {
  const { isStyled, width } = options;
  switch (token.type) {
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      const text = inline(tokens, options).join(" ");
      const style = depth === 1 ? "title" : "bold";
      return [
        styled(plain(depth === 1 ? text.toUpperCase() : text), style, isStyled),
      ];
    }
    case "paragraph":
    case "text":
      return wrapWords(inline(inner(token), options), width);
    case "code":
      return (token as Tokens.Code).text.split("\n")
        .map((line) => " ".repeat(INDENT.code) + line);
    case "list":
      return list(token as Tokens.List, options);
    case "table":
      return table(token as Tokens.Table, options);
    case "blockquote":
      return indent(
        blocks((token as Tokens.Blockquote).tokens, narrower(options)),
        "│ ",
      );
    default:
      return []; // Comments, rules and blank lines.
  }
}

function inner(token: Token): Token[] {
  return "tokens" in token && token.tokens !== undefined
    ? token.tokens
    : [token];
}

/** Returns the words of a text, each with its style. */
function inline(
  tokens: readonly Token[],
  options: TerminalOptions,
  style?: Style,
): string[] {
  const text = tokens.map((token) => spanOf(token, options, style)).join("");
  return text.split(/\s+/).filter((word) => word !== "");
}

function spanOf(
  token: Token,
  options: TerminalOptions,
  style?: Style,
): string {
  const { isStyled } = options;
  switch (token.type) {
    case "strong":
      return inline(inner(token), options, "bold").join(" ");
    case "em":
      return inline(inner(token), options, "underlined").join(" ");
    case "codespan":
      // Without styles only the marks distinguish code from words.
      return isStyled
        ? eachWord((token as Tokens.Codespan).text, "code", isStyled)
        : `\`${(token as Tokens.Codespan).text}\``;
    case "link":
      return linked(token as Tokens.Link, options);
    case "br":
      return "\n";
    case "html":
      return "";
    default: {
      if ("tokens" in token && token.tokens !== undefined) {
        return token.tokens.map((one) => spanOf(one, options, style)).join("");
      }
      const text = unescapeEntities((token as Tokens.Text).text);
      return style === undefined ? text : eachWord(text, style, isStyled);
    }
  }
}

/** A link to another topic becomes the command that prints it. */
function linked({ href, tokens }: Tokens.Link, options: TerminalOptions) {
  const text = tokens.map((token) => spanOf(token, options)).join("");
  const topic = /^(?:lib\/manual\/|\.\/)?([a-z0-9-]+)\.md(?:#.*)?$/.exec(href);
  if (topic !== null) return `${text} (sluice help ${topic[1]})`;
  return href.includes("://") && href !== text ? `${text} <${href}>` : text;
}

function list(
  { items, ordered, start }: Tokens.List,
  options: TerminalOptions,
): string[] {
  return items.flatMap((item, index) => {
    const mark = ordered ? `${Number(start) + index}. ` : "- ";
    const [first = "", ...rest] = blocks(item.tokens, {
      ...options,
      width: options.width - mark.length,
    }).filter((line) => line !== "" || item.loose);
    if (rest.at(-1) === "") rest.pop();
    return [mark + first, ...indent(rest, " ".repeat(mark.length))];
  });
}

/** Writes a table whose cells wrap, so that it fits the terminal. */
function table(
  { header, rows }: Tokens.Table,
  options: TerminalOptions,
): string[] {
  const cells = [header, ...rows].map((row) =>
    row.map(({ tokens }) => inline(tokens, options))
  );
  const widths = fit(
    header.map((_, column) =>
      Math.max(...cells.map((row) => visibleLength(row[column]!.join(" "))))
    ),
    {
      total: options.width - GAP.length * (header.length - 1),
      least: LEAST_COLUMN,
    },
  );
  const lines = cells.map((row) => rowOf(row, widths));
  const rule = widths.map((width) => "─".repeat(width)).join(GAP);
  return [...lines[0]!, rule, ...lines.slice(1).flat()];
}

function rowOf(row: readonly string[][], widths: readonly number[]): string[] {
  let above = 0;
  const columns = row.map((words, column) => {
    const width = widths[column]!;
    const lines = [...Array(above).fill(""), ...wrapWords(words, width)];
    // The columns behind a word that is too long begin below it.
    const last = lines.findLastIndex((line) => visibleLength(line) > width);
    above = Math.max(above, last + 1);
    return lines;
  });
  const height = Math.max(1, ...columns.map(({ length }) => length));
  return Array.from(
    { length: height },
    (_, line) =>
      columns.map((lines, column) => {
        const text = lines[line] ?? "";
        return text +
          " ".repeat(Math.max(0, widths[column]! - visibleLength(text)));
      }).join(GAP).trimEnd(),
  );
}

function eachWord(text: string, style: Style, isStyled: boolean): string {
  return text.replace(/\S+/g, (word) => styled(word, style, isStyled));
}

function indent(lines: readonly string[], by: string): string[] {
  return lines.map((line) => line === "" ? line : by + line);
}

function narrower(options: TerminalOptions): TerminalOptions {
  return { ...options, width: options.width - INDENT.item };
}

/** The text of a heading without inner styles. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\u001b\[[\d;]*m/g, "").replaceAll("`", "");
}

function unescapeEntities(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll(
      "&amp;",
      "&",
    );
}
