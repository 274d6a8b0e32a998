import { assertEquals } from "@std/assert";
import { NameCache } from "../../../lib/net/names/cache.ts";

const ANSWER = { addresses: [], exists: true, life: 1_000 };

Deno.test("NameCache keeps no more names than it may", () => {
  const cache = new NameCache(100, () => 0);
  for (let n = 0; n < 10_000; n++) cache.set(`n${n}`, ANSWER);
  assertEquals(cache.size, 100);
  assertEquals(cache.get("n9899"), undefined);
  assertEquals(cache.get("n9900"), ANSWER);
});

Deno.test("NameCache.set() replaces an answer, and drops one with a lifetime of 0", () => {
  const cache = new NameCache(2, () => 0);
  const other = { ...ANSWER, exists: false };
  cache.set("a", ANSWER);
  cache.set("b", ANSWER);
  cache.set("a", other);
  assertEquals(cache.size, 2);
  assertEquals(cache.get("a"), other);
  assertEquals(cache.get("b"), ANSWER);
  cache.set("a", { ...ANSWER, life: 0 });
  assertEquals(cache.get("a"), undefined);
  assertEquals(cache.size, 1);
});

Deno.test("NameCache.get() forgets an answer at the end of its time", () => {
  let time = 0;
  const cache = new NameCache(2, () => time);
  cache.set("a", ANSWER);
  time = 999.9;
  assertEquals(cache.get("a"), ANSWER);
  time = 1_000;
  assertEquals(cache.get("a"), undefined);
  assertEquals(cache.size, 0);
});
