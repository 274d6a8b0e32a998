/**
 * Lists of the connections of all threads: open ones, groups of them, and ended
 * ones.
 *
 * @module
 */

import type { ClosedAnswer, GroupsAnswer, TunnelsAnswer } from "../api.ts";
import type { ParametersOf } from "../endpoints.ts";
import { AdminError } from "../error.ts";
import { FilterError, parseFilter } from "../filter.ts";
import { totalsOf } from "../threads/figures.ts";
import type { Threads } from "../threads/threads.ts";
import type { EndedPage } from "./ended.ts";
import { TunnelGroups } from "./groups.ts";
import { tunnelOrder } from "./order.ts";

/** Most groups in one answer. */
const MOST_GROUPS = 1_000;

/**
 * Parses a filter.
 *
 * @throws {AdminError} `bad_request`.
 */
function requireFilter(filter: string): void {
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new AdminError("bad_request", error.message);
  }
}

/**
 * Lists open connections.
 *
 * @throws {AdminError} `bad_request` for an invalid filter.
 */
export async function listTunnels(
  threads: Threads,
  { filter, limit, offset, sort }: ParametersOf<"GET /api/tunnels">,
): Promise<TunnelsAnswer> {
  requireFilter(filter);
  const most = offset + limit;
  const [answers, figures] = await Promise.all([
    threads.ask("tunnels", { filter, sort, most }),
    threads.figures(),
  ]);
  const tunnels = answers.flatMap(({ answer }) => answer?.tunnels ?? []);
  if (answers.length > 1) tunnels.sort(tunnelOrder(sort));
  return {
    tunnels: tunnels.slice(offset, most),
    total: totalsOf(figures).open,
    matching: answers.reduce(
      (sum, one) => sum + (one.answer?.matching ?? 0),
      0,
    ),
    silentWorkers: silentIn(answers),
  };
}

/**
 * Lists open connections, grouped by a field.
 *
 * @throws {AdminError} `bad_request` for an invalid filter.
 */
export async function listGroups(
  threads: Threads,
  { by, filter }: ParametersOf<"GET /api/groups">,
): Promise<GroupsAnswer> {
  requireFilter(filter);
  const answers = await threads.ask("groups", by, filter);
  const groups = new TunnelGroups(by);
  for (const { answer = [] } of answers) {
    for (const group of answer) groups.merge(group);
  }
  const { all } = groups;
  return {
    groups: all.slice(0, MOST_GROUPS),
    total: all.length,
    silentWorkers: silentIn(answers),
  };
}

/** A position in the list of ended connections of all threads. */
interface Place {
  /** When it ended, in milliseconds since 1970. */
  endedAt: number;
  /** Number of the thread; 0 is the program's first. */
  worker: number;
  /** Number in the thread. */
  order: number;
}

/**
 * Lists connections that have ended.
 *
 * @throws {AdminError} `bad_request` for an invalid filter.
 */
export async function listClosed(
  threads: Threads,
  { before, filter, limit }: ParametersOf<"GET /api/closed">,
): Promise<ClosedAnswer> {
  requireFilter(filter);
  const place = before === undefined ? undefined : parsePlace(before);
  const answers = await Promise.all(threads.all.map(async (thread) => {
    const { worker = 0 } = thread;
    const query = { limit, ...place && startOf(place, worker) };
    return { worker, answer: await thread.ask("closed", filter, query) };
  }));
  const sum = (what: keyof Pick<EndedPage, "kept" | "left" | "matching">) =>
    answers.reduce((all, { answer }) => all + (answer?.[what] ?? 0), 0);
  const rows = answers.flatMap(({ answer, worker }) =>
    (answer?.rows ?? []).map(([order, closed]) => ({
      closed,
      place: { endedAt: Date.parse(closed.endedAt), worker, order },
    }))
  );
  if (answers.length > 1) rows.sort((a, b) => compare(b.place, a.place));
  const page = rows.slice(0, limit);
  const isMore = sum("left") > page.length;
  return {
    closed: page.map(({ closed }) => closed).reverse(),
    kept: sum("kept"),
    matching: sum("matching"),
    next: isMore ? formatPlace(page.at(-1)!.place) : null,
    silentWorkers: silentIn(answers),
  };
}

/**
 * Ends all open connections that match a filter.
 *
 * @param expect Most connections that may match.
 * @returns Number of ended connections.
 * @throws {AdminError} `conflict` if more match; `busy` if a thread does not
 *   answer; `bad_request` for a filter that cannot be applied.
 */
export async function endMatching(
  threads: Threads,
  { expect, filter }: ParametersOf<"DELETE /api/tunnels">,
): Promise<number> {
  requireFilter(filter);
  const query = { filter, sort: "id", most: 0 };
  const counted = await threads.ask("tunnels", query);
  if (silentIn(counted) > 0) throw silence();
  const matching = counted
    .reduce((sum, { answer }) => sum + answer!.matching, 0);
  if (matching > expect) {
    throw new AdminError(
      "conflict",
      `${matching} connections match now, not ${expect}; Sluice ended none`,
    );
  }
  const ended = await Promise.all(
    counted.map(({ answer, thread }) =>
      thread.ask("endMatching", filter, answer!.matching)
    ),
  );
  if (ended.includes(undefined)) throw silence();
  return ended.reduce((sum: number, count) => sum + count!, 0);
}

function silence(): AdminError {
  return new AdminError(
    "busy",
    "A worker does not answer; read the list again before you retry",
  );
}

function silentIn(answers: readonly { answer: unknown }[]): number {
  return answers.filter(({ answer }) => answer === undefined).length;
}

/** Where a thread continues after a position in the list of all. */
function startOf(
  { endedAt, order, worker }: Place,
  thread: number,
): { before: number; order: number } {
  if (thread === worker) return { before: endedAt, order };
  return { before: endedAt, order: thread < worker ? Infinity : 0 };
}

function compare(one: Place, other: Place): number {
  return one.endedAt - other.endedAt || one.worker - other.worker ||
    one.order - other.order;
}

function formatPlace({ endedAt, order, worker }: Place): string {
  return `${endedAt}-${worker}-${order}`;
}

function parsePlace(text: string): Place {
  const [endedAt, worker, order] = text.split("-").map(Number);
  return { endedAt: endedAt!, worker: worker!, order: order! };
}
