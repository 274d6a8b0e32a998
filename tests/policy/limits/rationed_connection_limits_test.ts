import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  RationedConnectionLimits,
  rationTable,
} from "../../../lib/policy/limits/rationed_connection_limits.ts";
import { ALL, Rations } from "../../../lib/policy/limits/rations.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";
import {
  Shortages,
  SHORTAGES_TABLE,
} from "../../../lib/policy/limits/shortages.ts";
import {
  SharedTable,
  type SharedTableShape,
} from "../../../lib/sync/shared/table.ts";

function makeTable(given: Omit<SharedTableShape, "threads">): SharedTable {
  const shape = { ...given, threads: 1 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  return new SharedTable(shape, {
    ...{ memory, thread: 0 },
    now: () => performance.now(),
  });
}

/** Limits of a machine that may have a quarter of everything. */
function makeLimits(most: number, mostOfFleet: number) {
  const table = makeTable(rationTable(most, "client"));
  const rations = new Rations(table);
  rations.setLease(Infinity, 1 / 4);
  const shortages = new Shortages(makeTable(SHORTAGES_TABLE));
  const tell = shortages.add.bind(shortages);
  const limits = new RationedConnectionLimits(
    ...[most, { table, threads: 1 }] as const,
    { rations, most: mostOfFleet, isOpen: () => true, tell },
  );
  return { limits, rations, shortages };
}

Deno.test("RationedConnectionLimits keeps to its part of each limit", () => {
  const { limits, shortages } = makeLimits(100, 16);
  const leases = [1, 2].map(() => limits.admit("192.0.2.1", 8));
  assertThrows(
    () => limits.admit("192.0.2.1", 8),
    Refusal,
    "from one client reached",
  );
  limits.admit("192.0.2.2", 8);
  limits.admit("192.0.2.3", 8);
  assertThrows(
    () => limits.admit("192.0.2.4", 8),
    Refusal,
    "Limit of 16 connections",
  );
  const told = shortages.take().toSorted((a, b) => a.key < b.key ? -1 : 1);
  assertEquals(told, [
    { key: ALL, isWaiting: true },
    { key: "192.0.2.1", isWaiting: true },
  ]);
  leases.forEach((lease) => lease.release());
  limits.admit("192.0.2.4", 8);
  assertEquals([limits.total, limits.clients], [3, 3]);
});

Deno.test("RationedConnectionLimits keeps to what the machine carries", () => {
  const { limits } = makeLimits(1, 0);
  limits.admit("192.0.2.1", 0);
  assertThrows(
    () => limits.admit("192.0.2.2", 0),
    Refusal,
    "Limit of 1 connection reached",
  );
});

Deno.test("RationedConnectionLimits says that the lease is over", () => {
  const { limits, rations } = makeLimits(100, 0);
  rations.table.exclusively(() => rations.setLease(0, 1 / 4));
  assertThrows(() => limits.admit("192.0.2.1", 8), Refusal, "Redis is away");
  limits.admit("192.0.2.1", 0); // Without a limit no place is needed.
});

Deno.test("admitOrWait() gets a place that is granted meanwhile", async () => {
  const { limits, rations } = makeLimits(100, 0);
  limits.admit("192.0.2.1", 4);
  const waiting = limits.admitOrWait("192.0.2.1", 4);
  assert(waiting instanceof Promise);
  rations.table.exclusively(() => {
    rations.grant(rations.keep("192.0.2.1")!, 1, false);
    rations.touch();
  });
  const lease = await waiting;
  assertEquals(limits.total, 2);
  lease.release();
  assertEquals(limits.total, 1);
});

Deno.test("admitOrWait() refuses after a wait in vain, and then without one", async () => {
  const { limits } = makeLimits(100, 0);
  limits.admit("192.0.2.1", 4);
  let refusal: unknown;
  try {
    await limits.admitOrWait("192.0.2.1", 4);
  } catch (error) {
    refusal = error;
  }
  assert(refusal instanceof Refusal);
  assertEquals(refusal.limit, "connections-per-client");
  assertThrows(() => limits.admitOrWait("192.0.2.1", 4), Refusal);
});
