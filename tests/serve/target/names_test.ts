import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  assertBytes,
  exchange,
  HAS_IPV6,
  join,
  nameRequest,
  refusal,
  startSilentHost,
} from "../../support/dialogue.ts";
import {
  address,
  among,
  type Respond,
  startNameServer,
  TYPE,
} from "../../support/name_server.ts";
import { GREETING, openTunnel, startTestProxy } from "../../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { openAssociation, startUdp } from "../../support/udp.ts";

const PING = Uint8Array.of(1, 2, 3);

const ANSWERS: [what: string, respond: Respond, reply: number, why: string][] =
  [
    ["does not exist", () => [{ code: 3 }], 4, "name does not exist"],
    ["has no address", () => [{}], 4, "name has no address"],
    [
      "is not known: SERVFAIL",
      () => [{ code: 2 }],
      1,
      "it can't find out (SERVFAIL)",
    ],
    [
      "is not known: REFUSED",
      () => [{ code: 5 }],
      1,
      "it refuses to answer (REFUSED)",
    ],
  ];

for (const [what, respond, reply, why] of ANSWERS) {
  Deno.test(`a client is told ${reply} when the name ${what}`, async () => {
    await using names = startNameServer(respond);
    await using proxy = await startTestProxy({
      names: { servers: [names.server] },
    });
    const request = nameRequest("a.test", 80);
    const answer = await exchange(proxy, join(GREETING, request));
    assertBytes(answer, join([5, 0], refusal(reply)));
    const [record] = await proxy.whenEnded(1);
    assertEquals(record!.result, "failed");
    assertStringIncludes(record!.reason, "Cannot resolve a.test: ");
    assertStringIncludes(record!.reason, why);
  });
}

Deno.test("names of a name server are reached, and asked for once", async () => {
  await using names = startNameServer(among([address("a.test", "127.0.0.1")]));
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    names: { servers: [names.server] },
  });
  for (let n = 0; n < 5; n++) {
    const { port } = echo.addr;
    using conn = await openTunnel(proxy, { hostname: "A.Test", port });
    await writeAll(conn, PING);
    assertBytes(await readExactly(conn, 3), PING);
  }
  assertEquals(names.asked.length, 2);
  assertEquals(names.asked.map(({ type }) => type).sort(), [TYPE.a, TYPE.aaaa]);
});

Deno.test({
  name: "a name with a broken IPv6 costs no more than the stagger",
  ignore: !HAS_IPV6,
  async fn() {
    using silent = await startSilentHost("::1");
    if (silent === undefined) throw new Error("The system answers for it");
    const { port } = silent.addr;
    using listener = Deno.listen({ hostname: "127.0.0.1", port });
    await using names = startNameServer(
      among([address("a.test", "::1"), address("a.test", "127.0.0.1")]),
    );
    await using proxy = await startTestProxy({
      names: { servers: [names.server] },
    });
    const started = performance.now();
    using _conn = await openTunnel(proxy, { hostname: "a.test", port });
    assertLess(performance.now() - started, 5_000);
    (await listener.accept()).close();
  },
});

Deno.test("a name that answers differently the second time is checked both times", async () => {
  let count = 0;
  await using names = startNameServer(({ type }) => {
    if (type !== TYPE.a) return [{}];
    // First an address that may be reached, then one that may not.
    const ip = count++ === 0 ? "192.0.2.1" : "127.0.0.1";
    return [{ answers: [address("a.test", ip, 0)] }];
  });
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    listen: [{ host: "0.0.0.0", port: 0 }],
    open: true,
    names: { servers: [names.server] },
  });
  const request = nameRequest("a.test", echo.addr.port);
  for (const [n, range] of ["documentation", "loopback"].entries()) {
    const answer = await exchange(proxy, join(GREETING, request));
    assertBytes(answer, join([5, 0], refusal(2)));
    const ended = await proxy.whenEnded(n + 1);
    assertStringIncludes(ended[n]!.reason, range);
  }
  assertEquals(echo.accepted, 0);
});

Deno.test("addresses of a family left out are refused truthfully", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    names: { preference: "only-ipv6" },
  });
  const { port } = echo.addr;
  const answer = await exchange(
    proxy,
    join(GREETING, nameRequest("127.0.0.1", port)),
  );
  assertBytes(answer, join([5, 0], refusal(3)));
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.reason, "Cannot reach 127.0.0.1: IPv4 is not used");
  assertEquals(echo.accepted, 0);
});

Deno.test("datagrams go to names of a name server, and to no family left out", async () => {
  await using names = startNameServer(among([address("a.test", "127.0.0.1")]));
  await using echo = startUdp();
  const servers = [names.server];
  const { port } = echo.addr;
  await using proxy = await startTestProxy({ names: { servers } });
  using client = await openAssociation(proxy);
  await client.send(PING, { hostname: "a.test", port });
  assertEquals((await client.receive()).origin, `127.0.0.1 ${port}`);

  await using other = await startTestProxy({
    names: { servers, preference: "only-ipv6" },
  });
  using second = await openAssociation(other);
  await second.send(PING, { hostname: "a.test", port });
  await second.send(PING, { hostname: "127.0.0.1", port });
  second.control.close();
  const [record] = await within(5_000, other.whenEnded(1));
  assertEquals(record!.datagrams!.sent, 0);
  assertEquals(echo.heard.length, 1);
});
