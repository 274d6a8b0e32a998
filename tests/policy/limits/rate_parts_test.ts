import { assertEquals, assertLessOrEqual } from "@std/assert";
import {
  FLEET_BYTES_TABLE,
  RateLimits,
} from "../../../lib/policy/limits/rate_limits.ts";
import { RateParts } from "../../../lib/policy/limits/rate_parts.ts";
import { SharedTable } from "../../../lib/sync/shared/table.ts";

function makeTable(time: { now: number }): SharedTable {
  const shape = { ...FLEET_BYTES_TABLE, threads: 1 };
  const memory = new SharedArrayBuffer(SharedTable.bytes(shape));
  return new SharedTable(shape, {
    ...{ memory, thread: 0 },
    now: () => time.now,
  });
}

Deno.test("RateParts lists the rates in use, and what they carried", () => {
  const time = { now: 1_000 };
  const table = makeTable(time);
  const limits = new RateLimits(
    { user: { up: 0, down: 1_000_000 }, total: { up: 2_000_000, down: 0 } },
    { table, isOfFleet: true },
  );
  const parts = new RateParts(table);
  const paces = limits.join(limits.connect(), "ann");
  paces.down!.charge(2_048);
  const uses = parts.read().map((
    { key, way, rate, carried },
  ) => [key, way, rate, carried]);
  assertEquals(uses.toSorted(), [["", "up", 2_000_000, 0], [
    "ann",
    "down",
    1_000_000,
    2,
  ]]);
  limits.leave("ann");
  time.now += 4_999; // A user who returns soon finds the same part.
  assertEquals(parts.read().length, 2);
  time.now += 60_000;
  assertEquals(parts.read().map(({ key }) => key), [""]);
});

Deno.test("A machine takes a sixteenth of a rate, and then its part", () => {
  const time = { now: 1_000 };
  const table = makeTable(time);
  const limits = new RateLimits(
    { total: { up: 16_000_000, down: 0 }, burst: 10 },
    { table, isOfFleet: true },
  );
  const parts = new RateParts(table);
  const { up } = limits.join(limits.connect(), undefined);

  /** Milliseconds until the pace is open again after some bytes. */
  function timeFor(bytes: number): number {
    time.now += 60_000;
    const began = time.now;
    up!.charge(bytes);
    while (!up!.isOpen) time.now++;
    return time.now - began;
  }

  // The burst is ten milliseconds of the part.
  assertLessOrEqual(Math.abs(timeFor(1_000_000) - 990), 1);
  const [use] = parts.read();
  parts.set(use!, 8_000_000);
  assertLessOrEqual(Math.abs(timeFor(1_000_000) - 115), 1);
  parts.set(use!, 4_000_000);
  assertLessOrEqual(Math.abs(timeFor(1_000_000) - 240), 1);
});
