import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { DialError } from "../../../lib/net/dial_error.ts";
import { DnsNames } from "../../../lib/net/names/dns_names.ts";
import type { NameAnswer } from "../../../lib/net/names/answer.ts";
import { Context } from "../../../lib/sync/context.ts";
import { formatIpAddress } from "../../../lib/wire/ip_address.ts";
import {
  address,
  alias,
  among,
  type Answer,
  authority,
  lookUpWhole,
  type Respond,
  type Said,
  startNameServer,
  TYPE,
} from "../../support/name_server.ts";
import { within } from "../../support/sockets.ts";

const SILENT: Respond = () => [];

/** Looks a name up at a server that responds so. */
async function lookUp(respond: Respond, family?: 4 | 6): Promise<NameAnswer> {
  await using names = startNameServer(respond);
  const source = new DnsNames([names.server], { family, patience: 300 });
  return await within(5_000, lookUpWhole(source, "a.test"));
}

function texts({ addresses }: NameAnswer): string[] {
  return addresses.map(formatIpAddress);
}

/** The same answer to both questions, but for the type of its addresses. */
function both(answer: Answer): Respond {
  return ({ type }) => [{
    ...answer,
    answers: (answer.answers ?? [])
      .filter((record) => record.type === type || record.type === TYPE.cname),
  }];
}

Deno.test("DnsNames.lookup() gives the addresses of both families, IPv6 first", async () => {
  const answer = await lookUp(among([
    address("a.test", "192.0.2.1", 60),
    address("a.test", "192.0.2.2", 50),
    address("a.test", "2001:db8::1", 40),
  ]));
  assertEquals(texts(answer), ["2001:db8::1", "192.0.2.1", "192.0.2.2"]);
  assertEquals(answer.life, 40_000);
  assert(answer.exists);
});

Deno.test("DnsNames.lookup() asks for one family alone", async () => {
  for (const [family, type] of [[4, TYPE.a], [6, TYPE.aaaa]] as const) {
    await using names = startNameServer(() => [{}]);
    const source = new DnsNames([names.server], { family });
    await source.lookup("a.test", new Context());
    assertEquals(names.asked.map((asked) => asked.type), [type]);
  }
});

Deno.test("DnsNames.lookup() follows aliases, and keeps the shortest time", async () => {
  const answer = await lookUp(both({
    answers: [
      address("c.test", "192.0.2.3", 30),
      alias("b.test", "c.test", 10),
      alias("a.test", "b.test", 20),
      address("stranger.test", "192.0.2.66", 1),
      address("c.test", "2001:db8::3", 30),
    ],
  }));
  assertEquals(texts(answer), ["2001:db8::3", "192.0.2.3"]);
  assertEquals(answer.life, 10_000);
});

Deno.test("DnsNames.lookup() takes no addresses of another name", async () => {
  const answer = await lookUp(both({
    answers: [address("b.test", "192.0.2.66"), address("b.test", "::66")],
  }));
  assertEquals(texts(answer), []);
});

Deno.test("DnsNames.lookup() ends at a loop of aliases", async () => {
  const answer = await lookUp(both({
    answers: [alias("a.test", "b.test"), alias("b.test", "a.test")],
  }));
  assertEquals(texts(answer), []);
});

const NOTHING: [name: string, said: Answer, want: Partial<NameAnswer>][] = [
  ["a name that does not exist", { code: 3 }, { exists: false, life: 2_000 }],
  ["a name without an address", {}, { exists: true, life: 2_000 }],
  [
    "how long there is no name",
    { code: 3, authorities: [authority(30, 20)] },
    { exists: false, life: 20_000 },
  ],
  [
    "more than a minute of nothing",
    { code: 3, authorities: [authority(86_400, 86_400)] },
    { exists: false, life: 60_000 },
  ],
];

for (const [name, said, want] of NOTHING) {
  Deno.test(`DnsNames.lookup() tells ${name}`, async () => {
    const answer = await lookUp(() => [said]);
    assertEquals(answer, { addresses: [], ...want } as NameAnswer);
  });
}

Deno.test("DnsNames.lookup() keeps an answer for an hour at most, and 0 seconds not at all", async () => {
  for (const [seconds, life] of [[1_000_000, 3_600_000], [0, 0]] as const) {
    const records = [
      address("a.test", "192.0.2.1", seconds),
      address("a.test", "2001:db8::1", seconds),
    ];
    assertEquals((await lookUp(among(records))).life, life);
  }
});

const FAILURES: [name: string, respond: Respond, why: string][] = [
  ["says SERVFAIL", () => [{ code: 2 }], "it can't find out (SERVFAIL)"],
  ["says REFUSED", () => [{ code: 5 }], "it refuses to answer (REFUSED)"],
  [
    "says what is not known",
    () => [{ code: 11 }],
    "it answers with an error (RCODE 11)",
  ],
  ["stays silent", SILENT, "no answer in time"],
  ["refers to others", () => [{ recursive: false }], "only for its own names"],
  ["says nonsense", () => [new Uint8Array(30)], "no answer in time"],
];

for (const [name, respond, why] of FAILURES) {
  Deno.test(`DnsNames.lookup() fails when the server ${name}`, async () => {
    const error = await assertRejects(() => lookUp(respond), DialError, why);
    assertEquals(error.kind, "resolver failed");
    assert(/^Cannot resolve a\.test: name server 127\.0\.0\.1:\d+: /.test(
      error.message,
    ));
  });
}

/** What ends the wait for a server's answer, as it fits the question. */
const USELESS: [name: string, said: Answer, why: string][] = [
  [
    "SERVFAIL and no question",
    { code: 2, isBare: true },
    "it can't find out (SERVFAIL)",
  ],
  [
    "REFUSED and no question",
    { code: 5, isBare: true },
    "it refuses to answer (REFUSED)",
  ],
  ["FORMERR and no question", { code: 1, isBare: true }, "FORMERR"],
  [
    "that a name does not exist, and not which",
    { code: 3, isBare: true },
    "its answer does not repeat the question",
  ],
  [
    "addresses, and not whose",
    { answers: [address("a.test", "192.0.2.66")], isBare: true },
    "its answer does not repeat the question",
  ],
  [
    "a broken record",
    { answers: [{ name: "a.test", type: TYPE.a, life: 1, data: [1, 2, 3] }] },
    "Cannot parse DNS message: it is cut short",
  ],
];

for (const [name, said, why] of USELESS) {
  Deno.test(`DnsNames.lookup() waits no longer when a server says ${name}`, async () => {
    await using first = startNameServer(() => [said]);
    await using second = startNameServer(
      among([address("a.test", "192.0.2.1")]),
    );
    const patient = { family: 4, patience: 60_000 } as const;
    const alone = new DnsNames([first.server], patient);
    const failing = within(5_000, alone.lookup("a.test", new Context()));
    await assertRejects(() => failing, DialError, why);
    const both = new DnsNames([first.server, second.server], patient);
    const answer = await within(5_000, both.lookup("a.test", new Context()));
    assertEquals(texts(answer), ["192.0.2.1"]);
  });
}

Deno.test("DnsNames.lookup() asks the next server, and stays with it", async () => {
  for (const broken of [SILENT, () => [{ code: 2 }]]) {
    await using first = startNameServer(broken);
    await using second = startNameServer(
      among([address("a.test", "192.0.2.1")]),
    );
    const source = new DnsNames([first.server, second.server], {
      family: 4,
      patience: 150,
    });
    const answer = await source.lookup("a.test", new Context());
    assertEquals(texts(answer), ["192.0.2.1"]);
    assertEquals(first.asked.length, 1);
    await source.lookup("a.test", new Context());
    assertEquals(first.asked.length, 1);
    assertEquals(second.asked.length, 2);
  }
});

Deno.test("DnsNames.lookup() asks a second time when a datagram is lost", async () => {
  let count = 0;
  const answer = await lookUp(() => {
    const answers = [address("a.test", "192.0.2.1")];
    return count++ === 0 ? [] : [{ answers }];
  }, 4);
  assertEquals(texts(answer), ["192.0.2.1"]);
});

Deno.test("DnsNames.lookup() does not repeat a refused question", async () => {
  await using names = startNameServer(() => [{ code: 5 }]);
  const source = new DnsNames([names.server], { family: 4 });
  await assertRejects(() => source.lookup("a.test", new Context()), DialError);
  assertEquals(names.asked.length, 1);
});

Deno.test("DnsNames.lookup() waits only briefly for the other family", async () => {
  await using names = startNameServer(({ type }) =>
    type === TYPE.aaaa ? [] : [{ answers: [address("a.test", "192.0.2.1")] }]
  );
  const source = new DnsNames([names.server], { patience: 60_000 });
  const started = performance.now();
  const context = new Context();
  const answer = await source.lookup("a.test", context);
  assertLess(performance.now() - started, 4_000);
  assertEquals(texts(answer), ["192.0.2.1"]);
  assertEquals(answer.life, 0, "half an answer is not kept");
  context.cancel(new Error("enough"));
  assertEquals(await within(5_000, answer.late!), undefined);
});

Deno.test("DnsNames.lookup() returns IPv6 immediately, and IPv4 when it arrives", async () => {
  const held = Promise.withResolvers<Said>();
  await using names = startNameServer(({ type }) =>
    type === TYPE.a
      ? held.promise
      : [{ answers: [address("a.test", "2001:db8::1", 40)] }]
  );
  const source = new DnsNames([names.server], { patience: 60_000 });
  const answer = await within(5_000, source.lookup("a.test", new Context()));
  assertEquals(texts(answer), ["2001:db8::1"]);
  assertEquals(answer.life, 0, "half an answer is not kept");
  held.resolve([{ answers: [address("a.test", "192.0.2.1", 60)] }]);
  const whole = await within(5_000, answer.late!);
  assertEquals(texts(whole!), ["2001:db8::1", "192.0.2.1"]);
  assertEquals([whole!.life, whole!.late], [40_000, undefined]);
});

Deno.test("DnsNames.lookup() begins with the family that is preferred", async () => {
  const held = Promise.withResolvers<Said>();
  await using names = startNameServer(({ type }) =>
    type === TYPE.aaaa
      ? held.promise
      : [{ answers: [address("a.test", "192.0.2.1")] }]
  );
  const source = new DnsNames([names.server], { preferred: 4 });
  const answer = await within(5_000, source.lookup("a.test", new Context()));
  assertEquals(texts(answer), ["192.0.2.1"]);
  held.resolve([{}]);
  assertEquals(texts((await answer.late)!), ["192.0.2.1"]);
});

Deno.test("DnsNames.lookup() does not keep half an answer when the other fails", async () => {
  for (const failing of [TYPE.a, TYPE.aaaa]) {
    const answer = await lookUp(({ type }) =>
      type === failing ? [{ code: 2 }] : [{
        answers: [address("a.test", type === TYPE.a ? "192.0.2.1" : "::2")],
      }]
    );
    assertEquals([answer.addresses.length, answer.life], [1, 0]);
  }
});

Deno.test("DnsNames.lookup() waits for 64 late answers, and looks on", async () => {
  const held = Promise.withResolvers<Said>();
  await using names = startNameServer(({ name, type }) =>
    type === TYPE.a ? held.promise : [{ answers: [address(name, "::2")] }]
  );
  const source = new DnsNames([names.server], { patience: 60_000 });
  const answers: NameAnswer[] = [];
  for (let n = 0; n < 70; n++) {
    answers.push(await source.lookup(`n${n}.test`, new Context()));
  }
  for (const { late } of answers.slice(64)) {
    assertEquals(await within(5_000, late!), undefined);
  }
  held.resolve([{}]);
  for (const { late } of answers.slice(0, 64)) {
    assertEquals((await within(5_000, late!))?.addresses.length, 1);
  }
  await within(5_000, source.lookup("a.test", new Context()));
});

Deno.test("DnsNames.lookup() combines both families for what one alone cannot answer", async (t) => {
  const found: Answer = { answers: [address("a.test", "192.0.2.1")] };
  const cases: [a: Said, aaaa: Said, want: string][] = [
    [[found], [{ code: 2 }], "192.0.2.1"],
    [[found], [{ code: 3 }], "192.0.2.1"],
    [[found], [{}], "192.0.2.1"],
    [[{}], [{ code: 2 }], "resolver failed"],
    [[{}], [], "resolver failed"],
    [[{ code: 3 }], [{ code: 2 }], "no name"],
    [[{}], [{}], "no address"],
    [[{ code: 3 }], [{}], "no name"],
  ];
  for (const [a, aaaa, want] of cases) {
    await t.step(`${JSON.stringify([a, aaaa])} is ${want}`, async () => {
      const respond: Respond = ({ type }) => type === TYPE.a ? a : aaaa;
      assertEquals(await describe(lookUp(respond)), want);
    });
  }
});

async function describe(pending: Promise<NameAnswer>): Promise<string> {
  try {
    const answer = await pending;
    if (answer.addresses.length > 0) return texts(answer).join();
    return answer.exists ? "no address" : "no name";
  } catch (error) {
    return (error as DialError).kind;
  }
}

Deno.test("DnsNames.lookup() throws the reason when it is cancelled", async () => {
  await using names = startNameServer(SILENT);
  const source = new DnsNames([names.server]);
  const context = new Context();
  const pending = source.lookup("a.test", context);
  context.cancel(new Error("drain"));
  await assertRejects(() => within(5_000, pending), Error, "drain");
});

Deno.test("DnsNames.lookup() runs 64 lookups at the same time", async () => {
  const held = Promise.withResolvers<Said>();
  const full = Promise.withResolvers<void>();
  await using names = startNameServer(() => {
    if (names.asked.length === 64) full.resolve();
    return held.promise;
  });
  const source = new DnsNames([names.server], { family: 4 });
  const lookups = Array.from(
    { length: 70 },
    (_, n) => source.lookup(`n${n}.test`, new Context()),
  );
  await within(5_000, full.promise);
  assertEquals(names.asked.length, 64);
  held.resolve([{ code: 3 }]);
  await within(5_000, Promise.all(lookups));
  assertEquals(names.asked.length, 70);
});
