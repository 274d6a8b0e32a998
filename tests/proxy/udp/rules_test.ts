import { assertEquals } from "@std/assert";
import type { RuleBook } from "../../../lib/policy/rules/rules.ts";
import { BIND_FORMS, connectTo, startBind } from "../../support/bind.ts";
import { assertBytes, exchange, join } from "../../support/dialogue.ts";
import { startTestProxy } from "../../support/proxy.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import { within } from "../../support/sockets.ts";
import {
  askAssociation,
  endAssociation,
  openAssociation,
  startUdp,
} from "../../support/udp.ts";

const PING = Uint8Array.of(112, 105, 110, 103);

/** Whom a datagram is for, and whether it gets there. */
const DATAGRAMS: readonly (readonly [
  rules: string,
  host: string,
  isSent: boolean,
])[] = [
  ["", "127.0.0.1", true],
  ["deny to loopback", "127.0.0.1", false],
  ["deny to loopback", "::ffff:127.0.0.1", false],
  ["deny to loopback", "a.test", false],
  ["deny to loopback", "2002:7f00:1::", false],
  ["deny to loopback", "0.0.0.0", false],
  ["deny name .test", "A.test", false],
  ["deny name .test", "127.0.0.1", true],
  ["deny command connect", "a.test", true],
  ["deny command udp port 1-9", "a.test", true],
  ["deny command udp port 10-65535", "a.test", false],
  ["allow to 127.0.0.1\ndefault deny", "a.test", true],
  ["allow to 127.0.0.1\ndefault deny", "127.0.0.1", true],
  ["allow to 127.0.0.1\ndefault deny", "::ffff:127.0.0.1", true],
  ["allow to 127.0.0.2\ndefault deny", "a.test", false],
];

Deno.test("rules are asked about the target of each datagram", async () => {
  await using echo = startUdp();
  const { port } = echo.addr;
  // What it sends back tells that the proxy has seen what came before.
  await using marker = startUdp();
  for (const [lines, hostname, isSent] of DATAGRAMS) {
    const rules = rulesOf(`allow port ${marker.addr.port}\n${lines}`);
    const answers = answering(["127.0.0.1"]);
    await using proxy = await startTestProxy({
      rules: { current: rules },
      names: answers.names,
    });
    using client = await openAssociation(proxy);
    await client.send(PING, { hostname, port });
    if (isSent) assertBytes((await client.receive()).payload, PING);
    await client.send(PING, marker.addr);
    const { origin } = await client.receive();
    assertEquals(origin, `127.0.0.1 ${marker.addr.port}`);
    const { datagrams } = await endAssociation(proxy, client);
    const sent = isSent ? 2 : 1;
    const about = `${lines} ${hostname}`;
    assertEquals(datagrams, { sent, received: sent, dropped: 2 - sent }, about);
    // A name that is denied by its name is nobody else's business.
    const isAsked = hostname.endsWith(".test") && isResolved(lines);
    assertEquals(answers.asked, isAsked ? ["a.test"] : [], about);
  }
});

function isResolved(lines: string): boolean {
  return !/deny (?:name|command udp port 10-)/.test(lines);
}

Deno.test("rules choose among the addresses of a name for each port of it", async () => {
  await using echo = startUdp();
  const { port } = echo.addr;
  await using second = startUdp("127.0.0.2");
  const rules = rulesOf(
    `deny to 127.0.0.1 port ${second.addr.port}\ndeny to 127.0.0.2 port ${port}`,
  );
  const answers = answering(["127.0.0.2", "127.0.0.1"]);
  await using proxy = await startTestProxy({
    rules: { current: rules },
    names: answers.names,
  });
  using client = await openAssociation(proxy);
  for (const { addr } of [echo, second, echo]) {
    await client.send(PING, { hostname: "a.test", port: addr.port });
    const { origin } = await client.receive();
    assertEquals(origin, `${addr.hostname} ${addr.port}`);
  }
});

Deno.test("rules that are replaced hold for the next datagram", async () => {
  await using echo = startUdp();
  const rules: RuleBook = { current: rulesOf("") };
  const answers = answering(["127.0.0.1"]);
  await using proxy = await startTestProxy({ rules, names: answers.names });
  using client = await openAssociation(proxy);
  const place = { hostname: "a.test", port: echo.addr.port };
  await client.send(PING, place);
  await client.receive();
  rules.current = rulesOf("deny name a.test");
  await client.send(PING, place);
  await client.send(PING, echo.addr);
  await client.receive();
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams, { sent: 2, received: 2, dropped: 1 });
});

Deno.test("rules refuse an association that could reach no target, before it opens", async () => {
  const refusing = [
    "x: deny command udp",
    "allow command connect\ndefault deny",
  ];
  for (const lines of refusing) {
    const rules = { current: rulesOf(lines) };
    await using proxy = await startTestProxy({ rules });
    const control = await proxy.connect();
    assertEquals((await askAssociation(control)).reply, 2);
    control.close();
    const [record] = await within(5_000, proxy.whenEnded(1));
    const rule = lines.startsWith("x") ? "x" : "default";
    assertEquals([record!.result, record!.rule], ["refused", rule]);
  }
});

for (const form of BIND_FORMS) {
  Deno.test(`rules refuse a BIND by whom it waits for with ${form.name}`, async () => {
    const refused = [
      ["x: deny command bind", "0.0.0.0"],
      ["x: deny command bind", "127.0.0.1"],
      ["x: deny to 127.0.0.0/8", "127.0.0.1"],
      ["x: deny name a.test", "a.test"],
      ["x: deny port 20 user -", "0.0.0.0"],
    ] as const;
    for (const [lines, host] of refused) {
      const rules = { current: rulesOf(lines) };
      await using proxy = await startTestProxy({ rules });
      const answer = await exchange(proxy, form.say(host, 20));
      assertBytes(answer, join(form.hear, form.refusal(2)), `${lines} ${host}`);
      const [record] = await within(5_000, proxy.whenEnded(1));
      assertEquals(record!.reason, "Denied by rule x");
    }
  });

  Deno.test(`rules turn away a peer that has come for anyone with ${form.name}`, async () => {
    const rules: RuleBook = { current: rulesOf("deny to 127.0.0.1") };
    await using proxy = await startTestProxy({ rules });
    using waiting = await startBind(proxy, form, "0.0.0.0", 20);
    using stranger = await connectTo(waiting.bound);
    const end = await within(
      5_000,
      stranger.read(new Uint8Array(1)).catch(() => null),
    );
    assertEquals(end, null);
    rules.current = rulesOf("deny command connect");
    using peer = await connectTo(waiting.bound);
    const named = await form.readBound(waiting.conn);
    assertEquals(named, peer.localAddr);
  });
}
