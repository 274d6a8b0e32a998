import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { MessageEvent } from "../../../lib/observe/log_event.ts";
import { encodeReply } from "../../../lib/wire/socks/v5_reply.ts";
import { parseParent } from "../../../lib/wire/parent_url.ts";
import { askThrough } from "../../support/dns_client.ts";
import { assertBytes } from "../../support/dialogue.ts";
import { address, among, startNameServer } from "../../support/name_server.ts";
import {
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import {
  askAssociation,
  endAssociation,
  openAssociation,
  placeOf,
  receiveFrom,
  startUdp,
  udpSocket,
} from "../../support/udp.ts";

const PING = Uint8Array.of(112, 105, 110, 103);
const HERE = Uint8Array.of(127, 0, 0, 1);

function urlOf({ addr }: { addr: Deno.NetAddr }, scheme = "socks5h"): string {
  return `${scheme}://127.0.0.1:${addr.port}`;
}

/** A proxy that goes through chains of URLs. */
function startVia(
  chains: string[][],
  config: SomeProxyConfig = {},
): Promise<TestProxy> {
  const via = chains.map((urls) => urls.map(parseParent));
  return startTestProxy({ ...config, parents: { via } });
}

/** A parent that takes everybody and answers ASSOCIATE with some bytes. */
function startAnswering(answer: Uint8Array) {
  return startServer(async (conn) => {
    await readExactly(conn, 3);
    await writeAll(conn, [5, 0]);
    await readExactly(conn, 10);
    await writeAll(conn, answer);
    await readToEnd(conn);
  });
}

Deno.test("associate() goes through a chain of parents, and says so in the record", async () => {
  await using echo = startUdp();
  await using last = await startTestProxy({
    users: [{ name: "alice", password: "s3cret" }],
  });
  await using first = await startTestProxy();
  const urls = [urlOf(first), urlOf(last).replace("//", "//alice:s3cret@")];
  await using proxy = await startVia([urls]);
  using client = await openAssociation(proxy);
  for (let n = 0; n < 20; n++) {
    await client.send(Uint8Array.of(n, 7), echo.addr);
    const { origin, payload } = await client.receive();
    assertBytes(payload, [n, 7]);
    assertEquals(origin, `127.0.0.1 ${echo.addr.port}`);
  }
  const record = await endAssociation(proxy, client);
  assertEquals(record.result, "ok");
  assertEquals(record.via, urls.join().replace("alice:s3cret@", ""));
  assertEquals(record.targets, [`127.0.0.1:${echo.addr.port}`]);
  assertEquals(record.command, "udp");
  assertEquals(record.datagrams, { sent: 20, received: 20, dropped: 0 });
  const [ended] = await within(5_000, last.whenEnded(1));
  assertEquals([ended!.user, ended!.result], ["alice", "ok"]);
  // One connection for its own part, and one to the parent behind it.
  await within(5_000, first.whenEnded(2));
});

Deno.test("associate() leaves names to parents that take them, unless rules want their addresses", async () => {
  await using echo = startUdp();
  const target = { hostname: "made-up.example", port: echo.addr.port };
  await using parent = await startTestProxy(answering(["127.0.0.1"]));
  const rows = [
    { scheme: "socks5h", rules: "", asked: [] },
    { scheme: "socks5", rules: "", asked: ["made-up.example"] },
    {
      scheme: "socks5h",
      rules: "deny to 192.0.2.0/24",
      asked: ["made-up.example"],
    },
    {
      scheme: "socks5h",
      rules: "allow name made-up.example\ndefault deny",
      asked: [],
    },
  ];
  for (const { scheme, rules, asked } of rows) {
    const here = answering(["127.0.0.1"]);
    await using proxy = await startVia([[urlOf(parent, scheme)]], {
      ...here,
      ...rules !== "" && { rules: { current: rulesOf(rules) } },
    });
    using client = await openAssociation(proxy);
    await client.send(PING, target);
    assertBytes((await client.receive()).payload, PING);
    assertEquals(here.asked, asked, `${scheme} ${rules}`);
  }
});

Deno.test("associate() sends parents nothing that the rules deny", async () => {
  await using echo = startUdp();
  await using parent = await startTestProxy();
  const rules = rulesOf(
    "deny name .ads.example\ndeny to 127.0.0.2\nallow port " +
      `${echo.addr.port}\ndefault deny`,
  );
  await using proxy = await startVia([[urlOf(parent)]], {
    ...answering(["127.0.0.1"]),
    rules: { current: rules },
  });
  using client = await openAssociation(proxy);
  const { port } = echo.addr;
  const denied = [
    { hostname: "x.ads.example", port },
    { hostname: "127.0.0.2", port },
    { hostname: "127.0.0.1", port: port === 9 ? 10 : 9 },
  ];
  for (const place of denied) await client.send(PING, place);
  await client.send(PING, echo.addr);
  assertBytes((await client.receive()).payload, PING);
  const record = await endAssociation(proxy, client);
  assertEquals(record.datagrams, { sent: 1, received: 1, dropped: 3 });
  await within(5_000, parent.whenEnded(1));
  assertEquals(parent.ended[0]!.targets, [`127.0.0.1:${port}`]);
});

Deno.test("associate() tries the next parent if one can't, then refuses with 7", async () => {
  await using echo = startUdp();
  await using no = await startTestProxy({
    rules: { current: rulesOf("deny command udp") },
  });
  await using unable = startAnswering(encodeReply(7));
  await using good = await startTestProxy();
  const bad = [
    [`http://127.0.0.1:${good.addr.port}`],
    [urlOf(unable)],
    [`socks5://127.0.0.1:${closedPort()}`],
    [urlOf(no)],
    [urlOf(good), `socks4a://127.0.0.1:${good.addr.port}`],
  ];
  {
    const messages: MessageEvent[] = [];
    await using proxy = await startVia([...bad, [urlOf(good)]], {
      log: (event) => event.event === "message" && messages.push(event),
    });
    for (let n = 0; n < 5; n++) {
      using client = await openAssociation(proxy);
      await client.send(PING, echo.addr);
      assertBytes((await client.receive()).payload, PING);
    }
    // To be unable is not to be down: only what can't be reached is told.
    assertEquals(messages.length, 1, JSON.stringify(messages));
    assertStringIncludes(messages[0]!.message, bad[2]![0]!);
  }
  for (const [chains, reply] of [[bad, 7], [[bad[2]!], 1]] as const) {
    await using proxy = await startVia([...chains]);
    using control = await proxy.connect();
    assertEquals((await askAssociation(control)).reply, reply);
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals(record!.result, "failed");
  }
});

Deno.test("associate() sends datagrams to the relay that a parent names, unless it would be in our network", async () => {
  using relay = udpSocket();
  using elsewhere = udpSocket("127.0.0.1");
  const { port } = placeOf(relay);
  // A parent on loopback names: nothing, a link-local and a private address,
  // and loopback itself.
  const said = [[0, 0, 0, 0], [169, 254, 169, 254], [10, 0, 0, 9], [...HERE]];
  for (const ip of said) {
    const bound = { ip: Uint8Array.from(ip), port };
    await using parent = startAnswering(encodeReply(0, bound));
    await using proxy = await startVia([[urlOf(parent)]]);
    using client = await openAssociation(proxy);
    await client.send(PING, placeOf(elsewhere));
    const [datagram, from] = await receiveFrom(relay);
    assertBytes(datagram.subarray(10), PING);
    // What others send to the socket goes nowhere.
    await elsewhere.send(datagram, from);
    await relay.send(datagram.subarray(0, 9), from);
    await relay.send(datagram, from);
    assertBytes((await client.receive()).payload, PING);
    const record = await endAssociation(proxy, client);
    assertEquals(record.datagrams?.received, 1);
  }
});

Deno.test("associate() refuses with 1 if a parent's relay has no port", async () => {
  await using parent = startAnswering(
    encodeReply(0, { ip: HERE, port: 0 }),
  );
  await using proxy = await startVia([[urlOf(parent)]]);
  using control = await proxy.connect();
  assertEquals((await askAssociation(control)).reply, 1);
});

Deno.test("associate() gives up a parent that does not answer in time", async () => {
  await using silent = startServer(async (conn) => {
    await readExactly(conn, 3);
    await writeAll(conn, [5, 0]);
    await readToEnd(conn);
  });
  await using proxy = await startVia([[urlOf(silent)]], {
    timeouts: { connect: 300 },
  });
  using control = await proxy.connect();
  assertEquals((await askAssociation(control)).reply, 6);
});

Deno.test("associate() uses the parents that rules choose for each target, and none for others", async () => {
  await using echo = startUdp();
  await using other = startUdp();
  await using direct = startUdp();
  await using a = await startTestProxy();
  await using b = await startTestProxy();
  const rules = rulesOf(
    `allow port ${other.addr.port} via a\nallow port ${direct.addr.port} via direct`,
    { parents: new Set(["a"]) },
  );
  await using proxy = await startTestProxy({
    rules: { current: rules },
    parents: {
      via: [[parseParent(urlOf(b))]],
      named: [{ name: "a", parents: [parseParent(urlOf(a))] }],
    },
  });
  using client = await openAssociation(proxy);
  for (const { addr } of [echo, other, direct]) {
    for (let n = 0; n < 3; n++) {
      await client.send(PING, addr);
      const { origin } = await client.receive();
      assertEquals(origin, `127.0.0.1 ${addr.port}`);
    }
  }
  await endAssociation(proxy, client);
  await within(5_000, Promise.all([a.whenEnded(1), b.whenEnded(1)]));
  const targetsOf = (parent: TestProxy) => parent.ended[0]!.targets;
  assertEquals(targetsOf(a), [`127.0.0.1:${other.addr.port}`]);
  assertEquals(targetsOf(b), [`127.0.0.1:${echo.addr.port}`]);
});

Deno.test("a DNS client goes on through other parents when one of its two dies in the middle", async () => {
  const records = [address("www.test", "192.0.2.7")];
  await using names = startNameServer(among(records));
  const server = { hostname: "127.0.0.1", port: names.server.port };
  for (const dying of [0, 1]) {
    await using first = await startTestProxy();
    await using second = await startTestProxy();
    await using spareFirst = await startTestProxy();
    await using spareSecond = await startTestProxy();
    await using proxy = await startVia([
      [urlOf(first), urlOf(second)],
      [urlOf(spareFirst), urlOf(spareSecond)],
    ]);
    let id = 0;
    const ask = (client: Parameters<typeof askThrough>[0]) =>
      askThrough(client, server, {
        name: "www.test",
        id: ++id,
        expected: "192.0.2.7",
      });
    {
      using client = await openAssociation(proxy);
      for (let n = 0; n < 10; n++) await ask(client);
      await [first, second][dying]!.proxy.shutdown(0);
      // The client hears of it by the end of its own connection.
      assertBytes(await within(5_000, readToEnd(client.control)), []);
      const [record] = await within(5_000, proxy.whenEnded(1));
      assertEquals(record!.result, "cut");
      assertStringIncludes(record!.reason, "Parent socks5h://127.0.0.1:");
    }
    using again = await openAssociation(proxy);
    for (let n = 0; n < 10; n++) await ask(again);
    assert(spareSecond.proxy.connections > 0);
  }
});

Deno.test("associate() ends its parents' parts with the client's", async () => {
  await using echo = startUdp();
  await using second = await startTestProxy();
  await using first = await startTestProxy();
  await using proxy = await startVia([[urlOf(first), urlOf(second)]]);
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => openAssociation(proxy)),
  );
  await Promise.all(clients.map(async (client, n) => {
    using _client = client;
    for (let sent = 0; sent < 5; sent++) {
      await client.send(PING, echo.addr);
      if (sent === n % 5) client.control.close();
    }
  }));
  await within(10_000, proxy.whenEnded(20));
  await within(10_000, second.whenEnded(20));
  await within(10_000, first.whenEnded(40));
  assertEquals(second.proxy.connections, 0);
});
