/**
 * Writes lists of connections to a file: CSV for spreadsheets, or JSON.
 *
 * @module
 */

import type { ClosedTunnel, ListedTunnel } from "../api.ts";
import type { ParametersOf } from "../endpoints.ts";
import type { Threads } from "../threads/threads.ts";
import { listClosed, listTunnels } from "./lists.ts";

/** Rows written at a time. */
const PIECE = 500;

/** Ended connections requested at a time. */
const PAGE = 2_000;

/** Open connections in one file. */
const MOST_OPEN = 20_000;

/** Columns of a CSV file. */
const COLUMNS = [
  ...["id", "kind", "listener", "client", "user", "target", "address", "via"],
  ...["protocol", "rule", "name", "wouldDeny", "state", "startedAt", "endedAt"],
  ...["ageMs", "sent", "received", "result", "code", "reason", "endedFirst"],
];

/** A file in progress. */
export interface ExportedFile {
  /** Its name. */
  readonly name: string;
  /** Its media type. */
  readonly type: "text/csv" | "application/json";
  /** Its text, in pieces. */
  readonly text: AsyncIterable<string>;
}

/** A connection in a file. */
type Row = ListedTunnel | ClosedTunnel;

/**
 * Begins to write a file.
 *
 * @returns The file; in it, the newest ended connections come first.
 * @throws {AdminError} `bad_request` for a filter that cannot be applied.
 */
export async function exportTunnels(
  threads: Threads,
  { filter, format, list }: ParametersOf<"GET /api/export">,
): Promise<ExportedFile> {
  const pages = list === "closed"
    ? closedPages(threads, filter)
    : openPages(threads, filter);
  // Reading the first page checks the filter.
  const first = await pages.next();
  const rows = piecesOf(first, pages);
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  return {
    name: `sluice-${list}-${time}.${format}`,
    ...format === "csv"
      ? { type: "text/csv", text: csvOf(rows) }
      : { type: "application/json", text: jsonOf(rows) },
  };
}

async function* closedPages(
  threads: Threads,
  filter: string,
): AsyncGenerator<Row[], void> {
  let before: string | undefined;
  do {
    const asked = { filter, limit: PAGE, before };
    const { closed, next } = await listClosed(threads, asked);
    yield closed.reverse();
    before = next ?? undefined;
  } while (before !== undefined);
}

async function* openPages(
  threads: Threads,
  filter: string,
): AsyncGenerator<Row[], void> {
  const asked = { filter, sort: "id", offset: 0, limit: MOST_OPEN };
  yield (await listTunnels(threads, asked)).tunnels;
}

async function* piecesOf(
  first: IteratorResult<Row[], void>,
  pages: AsyncGenerator<Row[], void>,
): AsyncGenerator<Row[]> {
  for (let page = first; !page.done; page = await pages.next()) {
    for (let begin = 0; begin < page.value.length; begin += PIECE) {
      yield page.value.slice(begin, begin + PIECE);
    }
  }
}

async function* csvOf(pieces: AsyncIterable<Row[]>): AsyncGenerator<string> {
  yield COLUMNS.join(",") + "\r\n";
  for await (const rows of pieces) {
    yield rows.map((row) => {
      const fields = row as unknown as Readonly<Record<string, unknown>>;
      return COLUMNS.map((name) => encodeCell(fields[name])).join(",") + "\r\n";
    }).join("");
  }
}

async function* jsonOf(pieces: AsyncIterable<Row[]>): AsyncGenerator<string> {
  yield "[";
  let separator = "\n";
  for await (const rows of pieces) {
    yield separator + rows.map((row) => JSON.stringify(row)).join(",\n");
    separator = ",\n";
  }
  yield "\n]\n";
}

/**
 * Quotes a cell (RFC 4180 §2). Clients choose names and targets, and
 * spreadsheets run text that begins like a formula. A leading apostrophe
 * prevents that.
 */
function encodeCell(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = String(value);
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n;]/.test(safe) || safe !== safe.trim()
    ? `"${safe.replaceAll('"', '""')}"`
    : safe;
}
