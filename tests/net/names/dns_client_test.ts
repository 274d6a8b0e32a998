import { assertEquals, assertRejects } from "@std/assert";
import { askNameServer } from "../../../lib/net/names/dns_client.ts";
import { Context } from "../../../lib/sync/context.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { HAS_IPV6 } from "../../support/dialogue.ts";
import {
  address,
  encodeAnswer,
  type Respond,
  type Said,
  startNameServer,
  TYPE,
} from "../../support/name_server.ts";
import { closedPort, within } from "../../support/sockets.ts";
import { placeOf, udpSocket } from "../../support/udp.ts";

const QUERY = { name: "a.test", type: TYPE.a };
const GOOD = { answers: [address("a.test", "192.0.2.1")] };
const BAD = { answers: [address("a.test", "192.0.2.66")] };

/** Asks a server that responds so, and gives its addresses as bytes. */
async function ask(respond: Respond): Promise<unknown[]> {
  await using names = startNameServer(respond);
  const context = new Context();
  const asking = askNameServer(names.server, QUERY, context);
  const { records } = await within(5_000, asking);
  return records.map(({ value }) => value);
}

Deno.test("askNameServer() asks over either family", async (t) => {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const ignore = hostname === "::1" && !HAS_IPV6;
    await t.step({
      name: hostname,
      ignore,
      async fn() {
        await using names = startNameServer(() => [GOOD], hostname);
        const { server } = names;
        const response = await askNameServer(server, QUERY, new Context());
        assertEquals(response.records.length, 1);
        assertEquals(names.asked, [{ ...QUERY, transport: "udp" }]);
      },
    });
  }
});

const FORGED: [name: string, said: Said][] = [
  ["of another number", [{ ...BAD, idShift: 1 }]],
  ["to another name", [{ ...BAD, name: "b.test" }]],
  ["of another number and no question", [
    { code: 2, idShift: 1, isBare: true },
  ]],
  ["of nothing", [new Uint8Array()]],
  ["of no sense", [new Uint8Array(64).fill(0xff), new Uint8Array(12)]],
];

for (const [name, said] of FORGED) {
  Deno.test(`askNameServer() passes over an answer ${name}`, async () => {
    const addresses = await ask(() => [...said, GOOD, BAD]);
    assertEquals(addresses, [parseIpAddress("192.0.2.1")!]);
  });
}

Deno.test("askNameServer() passes over the answer of a stranger", async () => {
  using real = udpSocket();
  using stranger = udpSocket();
  const { port } = placeOf(real);
  const server = { ip: parseIpAddress("127.0.0.1")!, port };
  const asking = askNameServer(server, QUERY, new Context());
  const [question, from] = await real.receive();
  const id = question[0]! << 8 | question[1]!;
  // On loopback what is sent first is there first.
  await stranger.send(encodeAnswer(QUERY, id, BAD), from);
  await real.send(encodeAnswer(QUERY, id, GOOD), from);
  const { records } = await within(5_000, asking);
  assertEquals(records[0]!.value, parseIpAddress("192.0.2.1")!);
});

Deno.test("askNameServer() asks again over TCP when the answer does not fit", async () => {
  const many = Array.from(
    { length: 200 },
    (_, n) => address("a.test", `192.0.2.${n}`),
  );
  const addresses = await ask(({ transport }) =>
    transport === "udp" ? [{ truncated: true }] : [{ answers: many }]
  );
  assertEquals(addresses.length, 200);
});

Deno.test("askNameServer() asks over TCP when an answer that does not fit has no question", async () => {
  const bare = { truncated: true, isBare: true };
  const addresses = await ask(({ transport }) =>
    transport === "udp" ? [bare] : [GOOD]
  );
  assertEquals(addresses, [parseIpAddress("192.0.2.1")!]);
});

Deno.test("askNameServer() fails when the answer over TCP is none", async (t) => {
  const cases: Record<string, [said: Said, message: string]> = {
    "cut short again": [[{ truncated: true }], "it is cut short over TCP too"],
    "to another question": [
      [{ ...BAD, name: "b.test" }],
      "it answers another question",
    ],
    "to no question": [
      [{ ...BAD, isBare: true }],
      "does not repeat the question",
    ],
    "of no sense": [[new Uint8Array(20)], "it is a question"],
    "missing": [[], "stream ended after 0"],
  };
  for (const [name, [said, message]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const asking = ask(({ transport }) =>
        transport === "udp" ? [{ truncated: true }] : said
      );
      await assertRejects(() => asking, Error, message);
    });
  }
});

Deno.test("askNameServer() ends when it is cancelled", async (t) => {
  for (const silent of ["udp", "tcp"]) {
    await t.step(`while it waits over ${silent}`, async () => {
      const context = new Context();
      const held = Promise.withResolvers<Said>();
      await using names = startNameServer(({ transport }) => {
        if (transport !== silent) return [{ truncated: true }];
        context.cancel(new Error("drain"));
        return held.promise;
      });
      const asking = askNameServer(names.server, QUERY, context);
      await assertRejects(() => within(5_000, asking), Error, "drain");
      held.resolve([]);
    });
  }
  const over = new Context();
  over.cancel(new Error("drain"));
  const server = { ip: parseIpAddress("127.0.0.1")!, port: closedPort() };
  await assertRejects(() => askNameServer(server, QUERY, over), Error, "drain");
});

Deno.test("askNameServer() asks with a number and a port of its own each time", async () => {
  using socket = udpSocket();
  const { port } = placeOf(socket);
  const server = { ip: parseIpAddress("127.0.0.1")!, port };
  const context = new Context();
  const asking = Array.from(
    { length: 8 },
    () => askNameServer(server, QUERY, context).catch(() => {}),
  );
  const ids = new Set<number>();
  const ports = new Set<number>();
  for (const _ of asking) {
    const [bytes, from] = await socket.receive();
    ids.add(bytes[0]! << 8 | bytes[1]!);
    ports.add((from as Deno.NetAddr).port);
  }
  context.cancel(new Error("enough"));
  await Promise.all(asking);
  assertEquals(ports.size, 8);
  assertEquals(ids.size > 6, true, `${[...ids]}`); // Two may be the same.
});
