/**
 * Reads metrics like a Prometheus.
 *
 * @module
 */

/** Values by name and labels, as written. */
export type Figures = ReadonlyMap<string, number>;

/** Parses the text. Lines without a value must be comments. */
export function parseFigures(text: string): Figures {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, value] = /^([a-z_]+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`Not a figure: ${line}`);
    values.set(name, Number(value));
  }
  return values;
}

/** The names of all described metrics, without labels. */
export function namesOf(text: string): Set<string> {
  const lines = text.matchAll(/^# TYPE (\S+) (\S+)$/gm);
  return new Set(
    Array.from(
      lines,
      ([, name, type]) =>
        type === "histogram"
          ? ["_bucket", "_sum", "_count"].map((end) => name! + end)
          : [name!],
    ).flat(),
  );
}
