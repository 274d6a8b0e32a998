import { assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../../lib/net/dial_error.ts";
import type { FamilyPreference } from "../../../lib/net/names/family_preference.ts";
import type { NameAnswer, NameSource } from "../../../lib/net/names/answer.ts";
import {
  type FoundAddresses,
  Resolver,
  type ResolverOptions,
} from "../../../lib/net/names/resolver.ts";
import { Context } from "../../../lib/sync/context.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";
import { within } from "../../support/sockets.ts";

/** A resolver whose source and clock belong to the test. */
class Fixture {
  readonly asked: string[] = [];
  time = 0;
  /** What the source answers, or throws. */
  respond: (name: string, context: Context) => Promise<NameAnswer> = () =>
    Promise.resolve(answer(["192.0.2.1"]));
  readonly resolver: Resolver;

  constructor(options: ResolverOptions = {}) {
    const source: NameSource = {
      lookup: (name, context) => {
        this.asked.push(name);
        return this.respond(name, context);
      },
    };
    this.resolver = new Resolver({ source, now: () => this.time, ...options });
  }

  async find(name = "a.test"): Promise<FoundAddresses> {
    return await this.resolver.find(name, new Context());
  }

  async resolve(name: string, context = new Context()): Promise<string[]> {
    return (await this.resolver.resolve(name, context)).map(formatIpAddress);
  }
}

function ips(texts: string[]): IpAddress[] {
  return texts.map((text) => parseIpAddress(text)!);
}

function answer(texts: string[], life = 5_000): NameAnswer {
  return { addresses: ips(texts), exists: true, life };
}

const NO_NAME: NameAnswer = { addresses: [], exists: false, life: 2_000 };

Deno.test("Resolver.resolve() keeps an answer until its time is over", async () => {
  const fixture = new Fixture();
  for (fixture.time of [0, 1, 4_999]) {
    assertEquals(await fixture.resolve("a.test"), ["192.0.2.1"]);
  }
  assertEquals(fixture.asked.length, 1);
  fixture.time = 5_000;
  fixture.respond = () => Promise.resolve(answer(["192.0.2.2"]));
  assertEquals(await fixture.resolve("a.test"), ["192.0.2.2"]);
  assertEquals(fixture.asked.length, 2);
});

Deno.test("Resolver.resolve() takes letters of either case for the same", async () => {
  const fixture = new Fixture();
  await fixture.resolve("A.Test");
  await fixture.resolve("a.tEST");
  assertEquals(fixture.asked, ["a.test"]);
});

Deno.test("Resolver.resolve() caches that a name does not exist", async () => {
  const fixture = new Fixture();
  fixture.respond = () => Promise.resolve(NO_NAME);
  for (let n = 0; n < 2; n++) {
    const error = await assertRejects(
      () => fixture.resolve("A.test"),
      DialError,
      "Cannot resolve A.test: name does not exist",
    );
    assertEquals(error.kind, "name not found");
  }
  assertEquals(fixture.asked.length, 1);
  fixture.time = 2_000;
  await assertRejects(() => fixture.resolve("a.test"), DialError);
  assertEquals(fixture.asked.length, 2);
});

Deno.test("Resolver.resolve() does not cache a failure", async () => {
  const fixture = new Fixture();
  const failure = new DialError("resolver failed", "Cannot resolve: SERVFAIL");
  fixture.respond = () => Promise.reject(failure);
  for (let n = 0; n < 2; n++) {
    const error = await assertRejects(() => fixture.resolve("a.test"));
    assertEquals(error, failure);
  }
  assertEquals(fixture.asked.length, 2);
});

Deno.test("Resolver.resolve() does not keep an answer that holds for no time", async () => {
  const fixture = new Fixture();
  fixture.respond = () => Promise.resolve(answer(["192.0.2.1"], 0));
  await fixture.resolve("a.test");
  await fixture.resolve("a.test");
  assertEquals(fixture.asked.length, 2);
});

Deno.test("Resolver.find() gives half an answer to all, and keeps the whole", async () => {
  const fixture = new Fixture();
  const late = Promise.withResolvers<NameAnswer | undefined>();
  const half = { ...answer(["2001:db8::1"], 0), late: late.promise };
  fixture.respond = () => Promise.resolve(half);
  const found = [await fixture.find(), await fixture.find()];
  const first = half.addresses[0]!;
  const second = ips(["192.0.2.1"])[0]!;
  late.resolve({ addresses: [first, second], exists: true, life: 5_000 });
  for (const { addresses, late } of found) {
    assertEquals(addresses, [first]);
    assertEquals(await within(5_000, late!), [second]);
  }
  assertEquals(await fixture.find(), {
    addresses: [first, second],
    late: undefined,
  });
  assertEquals(fixture.asked.length, 1);
});

Deno.test("Resolver.find() does not keep half an answer", async () => {
  const fixture = new Fixture();
  const late = Promise.resolve(undefined);
  fixture.respond = () =>
    Promise.resolve({ ...answer(["2001:db8::1"], 0), late });
  for (let n = 1; n <= 2; n++) {
    const { late } = await fixture.find();
    assertEquals(await late, []);
    assertEquals(fixture.asked.length, n);
  }
});

Deno.test("Resolver.resolve() waits a short time for late addresses", async () => {
  const never = new Promise<NameAnswer>(() => {});
  const both = answer(["192.0.2.1", "2001:db8::1"], 0);
  for (
    const [late, want] of [
      [Promise.resolve(both), ["2001:db8::1", "192.0.2.1"]],
      [never, ["192.0.2.1"]],
    ] as const
  ) {
    const fixture = new Fixture({ preference: "ipv6" });
    const half = { ...both, addresses: both.addresses.slice(0, 1), late };
    fixture.respond = () => Promise.resolve(half);
    assertEquals(await within(5_000, fixture.resolve("a.test")), [
      ...want,
    ]);
    fixture.resolver[Symbol.dispose]();
  }
});

Deno.test("Resolver.resolve() keeps as many names as it may, those asked for last", async () => {
  const fixture = new Fixture({ cacheSize: 2 });
  for (const name of ["a", "b", "a", "c"]) await fixture.resolve(name);
  assertEquals(fixture.asked, ["a", "b", "c"]);
  await fixture.resolve("a");
  assertEquals(fixture.asked.length, 3, "it was asked for after b");
  await fixture.resolve("b");
  assertEquals(fixture.asked.length, 4);
});

Deno.test("Resolver.resolve() keeps nothing when the cache has no room", async () => {
  const fixture = new Fixture({ cacheSize: 0 });
  for (let n = 0; n < 3; n++) await fixture.resolve("a.test");
  assertEquals(fixture.asked.length, 3);
});

Deno.test("Resolver.resolve() asks once for concurrent requests", async () => {
  const fixture = new Fixture({ cacheSize: 0 });
  const held = Promise.withResolvers<NameAnswer>();
  fixture.respond = () => held.promise;
  const context = new Context();
  const all = Array.from(
    { length: 50 },
    (_, n) => fixture.resolve("a.test", n === 0 ? context : undefined),
  );
  context.cancel(new Error("left"));
  await assertRejects(() => all[0]!, Error, "left");
  held.resolve(answer(["192.0.2.1"]));
  for (const one of all.slice(1)) assertEquals(await one, ["192.0.2.1"]);
  assertEquals(fixture.asked.length, 1);
});

Deno.test("Resolver.resolve() continues when all requests were cancelled", async () => {
  const fixture = new Fixture();
  const held = Promise.withResolvers<NameAnswer>();
  fixture.respond = () => held.promise;
  const context = new Context();
  const asking = fixture.resolve("a.test", context);
  context.cancel(new Error("left"));
  await assertRejects(() => asking, Error, "left");
  held.resolve(answer(["192.0.2.1"]));
  assertEquals(await fixture.resolve("a.test"), ["192.0.2.1"]);
  assertEquals(fixture.asked.length, 1);
});

Deno.test("Resolver.resolve() throws the reason when it was cancelled before", async () => {
  const fixture = new Fixture();
  const context = new Context();
  context.cancel(new Error("left"));
  await assertRejects(() => fixture.resolve("a.test", context), Error, "left");
  assertEquals(fixture.asked, []);
});

Deno.test("Resolver.resolve() gives a lookup up when its time is over", async () => {
  const fixture = new Fixture({ timeout: 50 });
  fixture.respond = (_, context) => untilCancelled(context);
  const error = await assertRejects(
    () => within(5_000, fixture.resolve("a.test")),
    DialError,
    "Cannot resolve a.test: Lookup time of 0.05 s has passed",
  );
  assertEquals(error.kind, "resolver failed");
});

Deno.test("Resolver.resolve() accepts 4,096 pending names, and refuses the next", async () => {
  const fixture = new Fixture();
  fixture.respond = (_, context) => untilCancelled(context);
  const all = Array.from(
    { length: 4_096 },
    (_, n) => fixture.resolve(`n${n}.test`).catch(() => {}),
  );
  const error = await assertRejects(
    () => fixture.resolve("one-more.test"),
    DialError,
    "4096 other names",
  );
  assertEquals(error.kind, "resolver failed");
  fixture.resolver[Symbol.dispose]();
  await within(5_000, Promise.all(all));
});

Deno.test("Resolver ends its lookups when it is closed", async () => {
  const fixture = new Fixture();
  fixture.respond = (_, context) => untilCancelled(context);
  const asking = fixture.resolve("a.test");
  fixture.resolver[Symbol.dispose]();
  await assertRejects(() => asking, DialError, "Resolver is closed");
});

Deno.test("Resolver.resolve() sends no question for localhost and invalid", async () => {
  const fixture = new Fixture();
  for (const name of ["localhost", "LOCALHOST", "localhost.", "a.localhost"]) {
    assertEquals(await fixture.resolve(name), ["127.0.0.1", "::1"]);
  }
  for (const name of ["invalid", "x.invalid", "X.INVALID."]) {
    const error = await assertRejects(
      () => fixture.resolve(name),
      DialError,
      "does not exist",
    );
    assertEquals(error.kind, "name not found");
  }
  assertEquals(fixture.asked, []);
  for (const name of ["notlocalhost", "localhost.test", "invalid.test"]) {
    await fixture.resolve(name);
  }
  assertEquals(fixture.asked.length, 3);
});

Deno.test("Resolver.resolve() keeps 16 addresses of each family", async () => {
  const fixture = new Fixture();
  const many = Array.from({ length: 100 }, (_, n) => `2001:db8::${n + 1}`);
  const found = [...many, "192.0.2.1"];
  fixture.respond = () => Promise.resolve(answer(found));
  assertEquals(await fixture.resolve("a.test"), [
    ...many.slice(0, 16),
    "192.0.2.1",
  ]);
});

const MIXED = ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"];

const PREFERENCES: [FamilyPreference, string[]][] = [
  ["system", MIXED],
  ["ipv4", ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]],
  ["ipv6", ["2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"]],
  ["only-ipv4", ["192.0.2.1", "192.0.2.2"]],
  ["only-ipv6", ["2001:db8::1", "2001:db8::2"]],
];

for (const [preference, want] of PREFERENCES) {
  Deno.test(`Resolver.resolve() orders addresses when ${preference} is preferred`, async () => {
    const fixture = new Fixture({ preference });
    fixture.respond = () => Promise.resolve(answer(MIXED));
    for (let n = 0; n < 2; n++) {
      assertEquals(await fixture.resolve("a.test"), want);
    }
    assertEquals(fixture.asked.length, 1);
  });
}

Deno.test("Resolver.resolve() says which address a name has not", async () => {
  const cases: [FamilyPreference, string[], string][] = [
    ["only-ipv4", ["2001:db8::1"], "has no IPv4 address"],
    ["only-ipv6", ["192.0.2.1"], "has no IPv6 address"],
    ["system", [], "has no address"],
  ];
  for (const [preference, found, why] of cases) {
    const fixture = new Fixture({ preference });
    fixture.respond = () => Promise.resolve(answer(found));
    const error = await assertRejects(
      () => fixture.resolve("a.test"),
      DialError,
      `Cannot resolve a.test: name ${why}`,
    );
    assertEquals(error.kind, "name not found");
  }
});

Deno.test("Resolver.resolve() takes addresses as they are, but for a family left out", async () => {
  const cases: [FamilyPreference, string, boolean][] = [
    ["system", "192.0.2.1", true],
    ["ipv4", "2001:db8::1", true],
    ["only-ipv4", "192.0.2.1", true],
    ["only-ipv4", "::ffff:192.0.2.1", true],
    ["only-ipv4", "2001:db8::1", false],
    ["only-ipv6", "2001:db8::1", true],
    ["only-ipv6", "192.0.2.1", false],
    ["only-ipv6", "::ffff:192.0.2.1", false],
  ];
  for (const [preference, text, isUsed] of cases) {
    const { asked, resolver } = new Fixture({ preference });
    const [ip] = ips([text]);
    assertEquals(resolver.uses(ip!), isUsed, `${text}, ${preference}`);
    const resolving = resolver.resolve(ip!, new Context());
    if (isUsed) assertEquals(await resolving, [ip!]);
    else {
      const error = await assertRejects(
        () => resolving,
        DialError,
        "is not used",
      );
      assertEquals(error.kind, "network unreachable");
    }
    assertEquals(asked, []);
  }
});

function untilCancelled(context: Context): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  context.onCancel(reject);
  return promise;
}
