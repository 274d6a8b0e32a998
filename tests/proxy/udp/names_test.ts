import { assertEquals } from "@std/assert";
import { UdpNames } from "../../../lib/proxy/udp/names.ts";
import type { IpAddress } from "../../../lib/wire/ip_address.ts";

const IP = [Uint8Array.of(192, 0, 2, 1)];

/** A cache that asks a resolver who finds one address, and counts. */
function makeNames(ip: IpAddress[] | undefined) {
  const asked: string[] = [];
  const clock = { now: 1_000 };
  const names = new UdpNames((name) => {
    asked.push(name);
    return Promise.resolve(ip);
  }, () => clock.now);
  return { asked, clock, names };
}

Deno.test("UdpNames.find() asks once for a name, whatever its letter case", async () => {
  const { asked, names } = makeNames(IP);
  const [first, second] = [names.find("A.test"), names.find("a.TEST")];
  assertEquals(first, second);
  assertEquals(await first, IP);
  assertEquals(names.find("a.test"), IP);
  assertEquals(asked, ["a.test"]);
});

Deno.test("UdpNames.find() remembers a failure", async () => {
  const { asked, names } = makeNames(undefined);
  assertEquals(await names.find("a.test"), undefined);
  assertEquals(names.find("a.test"), undefined);
  assertEquals(asked.length, 1);
});

Deno.test("UdpNames.find() gives up immediately when too many lookups are pending", async () => {
  const { asked, names } = makeNames(IP);
  const found = Array.from({ length: 20 }, (_, n) => names.find(`${n}.test`));
  assertEquals(found.filter((one) => one === undefined).length, 4);
  await Promise.all(found);
  assertEquals(asked.length, 16);
  assertEquals(await names.find("19.test"), IP);
});

Deno.test("UdpNames.find() keeps 256 names", async () => {
  const { asked, names } = makeNames(IP);
  for (let n = 0; n < 257; n++) await names.find(`${n}.test`);
  assertEquals(names.find("256.test"), IP);
  await names.find("0.test");
  assertEquals(asked.length, 258);
});

for (const [ip, life] of [[IP, 60_000], [undefined, 2_000]] as const) {
  const what = ip === undefined ? "a failure" : "an answer";
  Deno.test(`UdpNames.find() asks again when ${what} is ${life / 1_000} s old`, async () => {
    const { asked, clock, names } = makeNames(ip);
    await names.find("a.test");
    clock.now += life - 1;
    assertEquals(names.find("a.test"), ip);
    assertEquals(asked.length, 1);
    clock.now += 1;
    assertEquals(await names.find("a.test"), ip);
    assertEquals(asked.length, 2);
    clock.now += life - 1;
    assertEquals(names.find("a.test"), ip);
    assertEquals(asked.length, 2);
  });
}
