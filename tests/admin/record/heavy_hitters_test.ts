import { assert, assertEquals } from "@std/assert";
import { HeavyHitters } from "../../../lib/admin/record/heavy_hitters.ts";
import { seededRandom } from "../../support/random.ts";

const MOST = 50;

type Counts = Map<string, { bytes: number; connections: number }>;

/** Many small keys and a few large ones: a key has its number as its weight. */
function* traffic(
  seed: number,
  count: number,
): Generator<[key: string, bytes: number]> {
  const random = seededRandom(seed);
  for (let n = 0; n < count; n++) {
    const key = Math.floor(1 / (random() + 1e-4));
    yield [`key ${key}`, Math.floor(random() * 1_000)];
  }
}

function count(exact: Counts, key: string, bytes: number): void {
  const one = exact.get(key) ?? { bytes: 0, connections: 0 };
  one.bytes += bytes;
  one.connections++;
  exact.set(key, one);
}

/** Counts are never too small, and too large by at most their error. */
function checkBounds(hitters: HeavyHitters, exact: Counts): void {
  const listed = new Map(
    hitters.top("bytes", Infinity)
      .map((one) => [one.key, one]),
  );
  const { unlisted } = hitters.table(Infinity);
  for (const [key, { bytes, connections }] of exact) {
    const one = listed.get(key);
    if (one === undefined) {
      assert(bytes <= unlisted.bytes, key);
      assert(connections <= unlisted.connections, key);
      continue;
    }
    assert(one.bytes >= bytes && one.bytes - one.bytesError <= bytes, key);
    assert(
      one.connections >= connections &&
        one.connections - one.connectionsError <= connections,
      key,
    );
  }
}

Deno.test("HeavyHitters is exact as long as the keys fit", () => {
  const hitters = new HeavyHitters(MOST);
  for (let n = 0; n < MOST; n++) hitters.add(`key ${n}`, n, 1);
  for (let n = 0; n < MOST; n++) hitters.add(`key ${n}`, n, 2);
  assertEquals(hitters.top("bytes", 1), [{
    key: "key 49",
    bytes: 98,
    bytesError: 0,
    connections: 3,
    connectionsError: 0,
  }]);
  assertEquals(hitters.table().unlisted, { bytes: 0, connections: 0 });
});

Deno.test("HeavyHitters keeps its counts within their bounds, and its size", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const hitters = new HeavyHitters(MOST);
    const exact: Counts = new Map();
    for (const [key, bytes] of traffic(seed, 20_000)) {
      hitters.add(key, bytes, 1);
      count(exact, key, bytes);
      assert(hitters.size <= 2 * MOST);
    }
    assert(exact.size > 4 * MOST);
    checkBounds(hitters, exact);
    const largest = [...exact].sort(([, a], [, b]) => b.bytes - a.bytes)
      .slice(0, 5).map(([key]) => key);
    const found = hitters.top("bytes", 5).map(({ key }) => key);
    assertEquals(found, largest);
  }
});

Deno.test("HeavyHitters.merge() keeps the bounds over many tables", () => {
  const sum = new HeavyHitters(MOST);
  const exact: Counts = new Map();
  for (let seed = 1; seed <= 12; seed++) {
    const part = new HeavyHitters(MOST);
    for (const [key, bytes] of traffic(seed, 2_000)) {
      part.add(key, bytes, 1);
      count(exact, key, bytes);
    }
    sum.merge(part.table(seed % 2 === 0 ? MOST : 20));
    assert(sum.size <= 2 * MOST);
  }
  checkBounds(sum, exact);
  assertEquals(sum.top("connections", 1)[0]!.key, "key 1");
});

Deno.test("HeavyHitters keeps the largest by bytes and the largest by connections", () => {
  const hitters = new HeavyHitters(10);
  for (let n = 0; n < 5; n++) hitters.add(`bytes ${n}`, 1_000_000, 1);
  for (let n = 0; n < 5; n++) hitters.add(`connections ${n}`, 1, 1_000);
  for (let n = 0; n < 1_000; n++) hitters.add(`small ${n}`, 10, 1);
  const top = (order: "bytes" | "connections") =>
    hitters.top(order, 5).map(({ key }) => key.split(" ")[0]);
  assertEquals(top("bytes"), Array(5).fill("bytes"));
  assertEquals(top("connections"), Array(5).fill("connections"));
});

Deno.test("HeavyHitters shortens a long key", () => {
  const hitters = new HeavyHitters(10);
  hitters.add("x".repeat(1_000), 1, 1);
  hitters.add("x".repeat(2_000), 1, 1);
  const [only, ...none] = hitters.top("bytes", 10);
  assertEquals([only!.key.length, only!.bytes, none], [100, 2, []]);
});
