import { assertEquals } from "@std/assert";
import { rationTable } from "../../../lib/policy/limits/rationed_connection_limits.ts";
import { ALL, Rations } from "../../../lib/policy/limits/rations.ts";
import { SharedTable } from "../../../lib/sync/shared/table.ts";

/** Rations with a lease of a second, of which a quarter of each limit is free. */
function makeRations(time = { now: 0 }): Rations {
  const shape = { ...rationTable(100, "client"), threads: 1 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  const table = new SharedTable(shape, {
    ...{ memory, thread: 0 },
    now: () => time.now,
  });
  const rations = new Rations(table);
  rations.setLease(1_000, 1 / 4);
  rations.look();
  return rations;
}

Deno.test("take() gives the free part, and tells once when it runs low", () => {
  const rations = makeRations();
  const entry = rations.table.enter("192.0.2.1")!;
  const all = Array.from(
    { length: 7 },
    (_, used) => rations.take(entry, Math.min(used, 5), 20),
  );
  assertEquals(all, [
    ...["free", "free", "free", "last", "free"],
    ...["none", "none, told"],
  ]);
  assertEquals(rations.of(entry), {
    ...{ used: 0, allowed: 5, granted: 0, isCalled: false },
    ...{ isOver: false, missed: 2, limit: 20 },
  });
});

Deno.test("take() adds what was granted, and never passes the limit", () => {
  const rations = makeRations();
  const entry = rations.keep("192.0.2.1")!;
  rations.grant(entry, 3, false);
  assertEquals(rations.take(entry, 7, 20), "last");
  assertEquals(rations.take(entry, 8, 20), "none");
  rations.grant(entry, 100, false);
  assertEquals(rations.take(entry, 19, 20), "free");
  assertEquals(rations.take(entry, 20, 20), "none, told");
});

Deno.test("take() gives a called key nothing but what was granted", () => {
  const rations = makeRations();
  const entry = rations.keep("192.0.2.1")!;
  rations.grant(entry, 1, true);
  assertEquals(rations.take(entry, 0, 20), "last");
  assertEquals(rations.take(entry, 1, 20), "none");
  rations.hear(entry);
  assertEquals(rations.take(entry, 1, 20), "none");
  rations.grant(entry, 1, false);
  assertEquals(rations.take(entry, 1, 20), "free");
});

Deno.test("take() gives nothing after the lease, or over the limit", () => {
  const time = { now: 999 };
  const rations = makeRations(time);
  const entry = rations.keep("192.0.2.1")!;
  assertEquals(rations.take(entry, 0, 20), "free");
  rations.setOver(entry, true);
  assertEquals(rations.take(entry, 0, 20), "none");
  rations.setOver(entry, false);
  time.now = 1_000;
  rations.look();
  assertEquals(rations.take(entry, 0, 20), "none, told");
});

Deno.test("forget() leaves the entry to others, but not that of all", () => {
  const rations = makeRations();
  const { table } = rations;
  const entry = rations.keep("192.0.2.1")!;
  assertEquals(table.entries().length, 3);
  rations.forget(entry);
  rations.forget(rations.all);
  assertEquals(table.entries().map(([key]) => key).includes(ALL), true);
  assertEquals(table.find("192.0.2.1"), undefined);
});

Deno.test("of() counts all keys for the limit in all", () => {
  const rations = makeRations();
  for (const key of ["192.0.2.1", "192.0.2.2"]) {
    rations.table.addShare(rations.table.enter(key)!, 2);
  }
  assertEquals(rations.of(rations.all).used, 4);
});
