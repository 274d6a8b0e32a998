import { assertEquals, assertRejects } from "@std/assert";
import { AdminError } from "../../../lib/admin/error.ts";
import { Threads } from "../../../lib/admin/threads/threads.ts";
import { exportTunnels } from "../../../lib/admin/tunnels/export.ts";
import {
  endMatching,
  listClosed,
  listGroups,
  listTunnels,
} from "../../../lib/admin/tunnels/lists.ts";
import { SharedCounter } from "../../../lib/sync/shared/counter.ts";
import {
  FakeConnection,
  openSilentThread,
  openThread,
  type TestThread,
} from "../../support/threads.ts";

/** Three threads that record; the first is the program's own. */
async function openThreads(): Promise<
  { threads: Threads; all: TestThread[] } & Disposable
> {
  const counter = new SharedCounter();
  const nextId = () => counter.next();
  const all = [
    openThread({ nextId, place: "same thread" }),
    openThread({ nextId, worker: 1 }),
    openThread({ nextId, worker: 2 }),
  ];
  const threads = new Threads();
  threads.record();
  for (const { thread } of all) threads.add(thread);
  await threads.figures(); // All have heard that they are to record.
  return {
    threads,
    all,
    [Symbol.dispose]() {
      for (const one of all) one[Symbol.dispose]();
    },
  };
}

const LIST = { filter: "", sort: "id", offset: 0, limit: 100 };

const USERS = ["alice", "bob", "carol"];

/** Nine tunnels over three threads, three of each user. */
function openNine(all: readonly TestThread[]): FakeConnection[] {
  return Array.from({ length: 9 }, (_, n) => {
    const user = USERS[n % 3]!;
    const { listener } = all[(n + Math.floor(n / 3)) % 3]!;
    const tunnel = new FakeConnection(listener, { user });
    tunnel.carry(n * 1_000, 0);
    return tunnel;
  });
}

Deno.test("listTunnels() filters, sorts and pages over all threads", async () => {
  using test = await openThreads();
  openNine(test.all);
  const list = async (asked: Partial<typeof LIST>) => {
    const { matching, total, tunnels } = await listTunnels(test.threads, {
      ...LIST,
      ...asked,
    });
    return [tunnels.map(({ id }) => id), matching, total];
  };
  assertEquals(await list({}), [[1, 2, 3, 4, 5, 6, 7, 8, 9], 9, 9]);
  assertEquals(await list({ filter: "user=bob" }), [[2, 5, 8], 3, 9]);
  assertEquals(await list({ sort: "-sent", limit: 3 }), [[9, 8, 7], 9, 9]);
  assertEquals(
    await list({ sort: "-rate", offset: 3, limit: 2 }),
    [[6, 5], 9, 9],
  );
  assertEquals(await list({ sort: "-user", limit: 4 }), [[3, 6, 9, 2], 9, 9]);
  assertEquals(await list({ filter: "-user=bob", limit: 0 }), [[], 6, 9]);
  await assertRejects(
    () => list({ filter: "users:bob" }),
    AdminError,
    "did you mean user?",
  );
});

Deno.test("listGroups() adds up the tunnels of all threads", async () => {
  using test = await openThreads();
  openNine(test.all);
  new FakeConnection(test.all[1]!.listener, { client: "192.0.2.1:9" });
  const by = async (by: "user" | "client", filter = "") => {
    const { groups, total } = await listGroups(test.threads, { by, filter });
    return [
      groups.map(({ key, open, sent }) => [key, open, sent]),
      total,
    ];
  };
  assertEquals(await by("user"), [
    [
      ["carol", 3, 15_000],
      ["bob", 3, 12_000],
      ["alice", 3, 9_000],
      ["", 1, 0],
    ],
    4,
  ]);
  assertEquals(await by("client", "-user=bob"), [
    [["127.0.0.1", 6, 24_000], ["192.0.2.1", 1, 0]],
    2,
  ]);
});

Deno.test("listClosed() pages over all threads, each connection once", async () => {
  using test = await openThreads();
  for (const tunnel of openNine(test.all)) tunnel.end();
  for (const filter of ["", "-user=bob", "user=nobody"]) {
    const ids: number[] = [];
    let before: string | undefined;
    let matching = 0;
    do {
      const page = await listClosed(test.threads, { filter, limit: 2, before });
      ids.unshift(...page.closed.map(({ id }) => id));
      before = page.next ?? undefined;
      matching = page.matching;
      assertEquals(page.kept, 9);
    } while (before !== undefined);
    assertEquals(ids.length, matching);
    const expected = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((id) =>
      filter === "" || filter === "-user=bob" && id % 3 !== 2
    );
    assertEquals(ids.toSorted(), expected);
  }
});

Deno.test("endMatching() ends matching tunnels in all threads, but no more than expected", async () => {
  using test = await openThreads();
  const tunnels = openNine(test.all);
  const ended = () => tunnels.filter(({ context }) => context.cancelled).length;
  const bob = { filter: "user=bob", expect: 2 };
  const error = await assertRejects(
    () => endMatching(test.threads, bob),
    AdminError,
    "3 connections match now, not 2; Sluice ended none",
  );
  assertEquals([(error as AdminError).status, ended()], [409, 0]);
  assertEquals(await endMatching(test.threads, { ...bob, expect: 3 }), 3);
  assertEquals(ended(), 3);
  assertEquals(
    tunnels.map(({ context, record }) => context.cancelled && record.user)
      .filter(Boolean),
    ["bob", "bob", "bob"],
  );
});

Deno.test("endMatching() ends nothing while a worker does not answer", async () => {
  using test = await openThreads();
  using silent = openSilentThread(20);
  test.threads.add(silent.thread);
  const tunnels = openNine(test.all);
  await assertRejects(
    () => endMatching(test.threads, { filter: "user=bob", expect: 9 }),
    AdminError,
    "A worker does not answer",
  );
  assertEquals(tunnels.some(({ context }) => context.cancelled), false);
});

Deno.test("Threads.ban() refuses a client in all current and future threads", async () => {
  using test = await openThreads();
  const tunnels = openNine(test.all);
  const other = new FakeConnection(test.all[1]!.listener, {
    client: "192.0.2.1:9",
  });
  assertEquals(await test.threads.ban("127.0.0.1", 60_000), 9);
  assertEquals(tunnels.every(({ context }) => context.cancelled), true);
  assertEquals(other.context.cancelled, false);
  const bans = await test.threads.bans();
  assertEquals(bans.map(({ failures, key }) => [key, failures]), [
    ["127.0.0.1", 0],
  ]);
  using late = openThread({ worker: 3 });
  test.threads.add(late.thread);
  await test.threads.figures();
  assertEquals(late.registry.bans[0]!.list().length, 1);
  await test.threads.lift({ kind: "client", key: "127.0.0.1" });
  assertEquals(await test.threads.bans(), []);
  using later = openThread({ worker: 4 });
  test.threads.add(later.thread);
  await test.threads.figures();
  assertEquals(later.registry.bans[0]!.list(), []);
});

/** The whole text of an exported file. */
async function textOf(
  threads: Threads,
  list: "tunnels" | "closed",
  format: "csv" | "json",
): Promise<string> {
  const file = await exportTunnels(threads, { list, format, filter: "" });
  let text = "";
  for await (const piece of file.text) text += piece;
  return text;
}

Deno.test("exportTunnels() writes JSON and CSV of open and of ended connections", async () => {
  using test = await openThreads();
  const tunnels = openNine(test.all);
  assertEquals(await textOf(test.threads, "closed", "json"), "[\n]\n");
  for (const tunnel of tunnels.slice(0, 4)) tunnel.end();
  for (const [list, ids] of [["closed", 4], ["tunnels", 5]] as const) {
    const rows = JSON.parse(await textOf(test.threads, list, "json"));
    assertEquals(rows.length, ids);
    const csv = await textOf(test.threads, list, "csv");
    const [head, ...lines] = csv.trimEnd().split("\r\n");
    assertEquals([head!.split(",")[0], lines.length], ["id", ids]);
    for (const line of lines) {
      assertEquals(line.split(",").length, head!.split(",").length);
    }
  }
});

Deno.test("exportTunnels() prevents formulas in text from clients", async () => {
  using test = await openThreads();
  const users = [
    ["=cmd|' /C calc'!A1", `'=cmd|' /C calc'!A1`],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(1)", "'@SUM(1)"],
    ["\t=1", "'\t=1"],
    ['a"b', '"a""b"'],
    ["a,b", '"a,b"'],
    ["a;b", '"a;b"'],
    ["a\r\n=1", '"a\r\n=1"'],
    [" a", '" a"'],
    ["alice", "alice"],
  ] as const;
  for (const [user] of users) {
    new FakeConnection(test.all[0]!.listener, { user });
  }
  const csv = await textOf(test.threads, "tunnels", "csv");
  for (const [user, cell] of users) {
    const found = csv.includes(`,127.0.0.1:50000,${cell},example.com:443,`);
    assertEquals(found, true, JSON.stringify(user));
  }
});
