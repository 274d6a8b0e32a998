/**
 * A Markdown table with the figures of several servers and rounds.
 *
 * @module
 */

/** Figures by name and server. */
export class Table {
  /** By row, then by column, both in order of insertion. */
  readonly #values = new Map<string, Map<string, number[]>>();
  readonly #columns: readonly string[];

  /**
   * Creates an empty table.
   *
   * @param columns Names of the servers.
   */
  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  /**
   * Adds a figure of one round.
   *
   * @param row Name of the figure, with its unit.
   * @param column Name of the server.
   * @param value Measured value.
   */
  add(row: string, column: string, value: number): void {
    const cells = this.#values.get(row) ?? new Map<string, number[]>();
    this.#values.set(row, cells);
    cells.set(column, [...cells.get(column) ?? [], value]);
  }

  /**
   * Formats the table.
   *
   * @returns Markdown with the median of all rounds; a dash marks a missing
   *   figure.
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
  // Without bytes during the measurement, the value is no number.
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
