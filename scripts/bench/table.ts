/**
 * Figures of several servers in several rounds, as a Markdown table.
 *
 * @module
 */

/** Figures by server and by what they are called. */
export class Table {
  /** By row and then by column; rows and columns in the order they came in. */
  readonly #values = new Map<string, Map<string, number[]>>();
  readonly #columns: readonly string[];

  /**
   * Makes an empty table.
   *
   * @param columns What the servers are called.
   */
  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  /**
   * Adds what one round has measured.
   *
   * @param row What it is, with its unit.
   * @param column Of which server.
   * @param value The figure.
   */
  add(row: string, column: string, value: number): void {
    const cells = this.#values.get(row) ?? new Map<string, number[]>();
    this.#values.set(row, cells);
    cells.set(column, [...cells.get(column) ?? [], value]);
  }

  /**
   * Writes the table.
   *
   * @returns Markdown, the medians of all rounds; a dash is where there is
   *   nothing to measure.
   */
  toMarkdown(): string {
    const lines = [["figure", ...this.#columns]];
    lines.push(lines[0]!.map(() => "---"));
    for (const [row, cells] of this.#values) {
      const values = this.#columns.map((name) => cells.get(name));
      lines.push([row, ...values.map(format)]);
    }
    const widths = lines[0]!.map((_cell, i) =>
      Math.max(...lines.map((line) => line[i]!.length))
    );
    const pad = (cells: string[]) =>
      cells.map((cell, i) =>
        cell.padEnd(widths[i]!, cell === "---" ? "-" : " ")
      );
    return lines.map((cells) => `| ${pad(cells).join(" | ")} |\n`).join("");
  }
}

function format(values: number[] | undefined): string {
  if (values === undefined) return "–";
  const value = median(values);
  // No bytes arrived while it was measured.
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 100
    ? value.toFixed(0)
    : String(+value.toPrecision(2));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1]!;
  return (low + sorted[Math.floor(middle)]!) / 2;
}
