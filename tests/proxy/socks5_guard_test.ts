import { assertEquals, assertMatch } from "@std/assert";
import {
  assertBytes,
  assertServedAlone,
  exchange,
  HAS_IPV6,
  join,
  nameRequest,
  refusal,
} from "../support/dialogue.ts";
import {
  connectRequest,
  greet,
  GREETING,
  readReply,
  startTestProxy,
} from "../support/proxy.ts";
import { startEcho, within, writeAll } from "../support/sockets.ts";

/** A listener that others than this machine can reach. */
const PUBLIC = { listen: [{ host: "0.0.0.0", port: 0 }], open: true };

const FORBIDDEN: { host: string; range: string }[] = [
  { host: "127.0.0.1", range: "loopback" },
  { host: "127.255.255.254", range: "loopback" },
  { host: "::1", range: "loopback" },
  { host: "::ffff:127.0.0.1", range: "loopback (IPv4-mapped)" },
  { host: "::127.0.0.1", range: "loopback (IPv4-compatible)" },
  { host: "2002:7f00:1::", range: "loopback (6to4)" },
  { host: "64:ff9b::127.0.0.1", range: "loopback (NAT64)" },
  { host: "0.0.0.0", range: "unspecified" },
  { host: "::", range: "unspecified" },
  { host: "169.254.169.254", range: "link-local" },
  { host: "::ffff:169.254.169.254", range: "link-local (IPv4-mapped)" },
  { host: "fe80::1", range: "link-local" },
  { host: "10.0.0.1", range: "private" },
  { host: "172.16.0.1", range: "private" },
  { host: "192.168.0.1", range: "private" },
  { host: "fd00:ec2::254", range: "private" },
  { host: "100.64.0.1", range: "CGNAT" },
  { host: "198.18.0.1", range: "benchmark" },
  { host: "224.0.0.1", range: "multicast" },
  { host: "ff02::1", range: "multicast" },
  { host: "255.255.255.255", range: "reserved" },
];

for (const { host, range } of FORBIDDEN) {
  for (const form of ["address", "name"]) {
    Deno.test(`socks5() refuses with 2 and never dials for ${host} as ${form} on a public listener`, async () => {
      await using echo = startEcho(
        host.includes(":") && HAS_IPV6 ? "::" : "0.0.0.0",
      );
      const { port } = echo.addr;
      await using proxy = await startTestProxy(PUBLIC);
      const request = form === "name"
        ? nameRequest(host, port)
        : connectRequest(host, port);
      const answer = await exchange(proxy, join(GREETING, request));
      assertBytes(answer, join([5, 0], refusal(2)));
      const [record] = await proxy.whenEnded(1);
      assertEquals([record!.result, record!.address], ["refused", undefined]);
      assertMatch(
        record!.reason,
        /^Address \S+ is .* \(guard\); a rule with 'to'/,
      );
      assertEquals(record!.reason.split(/ is | \(guard/)[1], range);
      assertEquals(record!.rule, "guard");
      await using open = await startTestProxy();
      await assertServedAlone(open, local(echo));
    });
  }
}

/** What the C library takes for an address, and other ways to this machine. */
const NAMES = [
  "localhost",
  "LOCALHOST",
  "127.1",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
];

for (const name of NAMES) {
  Deno.test(`socks5() never dials for the name ${name} on a public listener`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy(PUBLIC);
    const request = nameRequest(name, echo.addr.port);
    const answer = await exchange(proxy, join(GREETING, request));
    const { length } = answer;
    // Where it resolves it is refused; where it does not, it does not exist.
    const reply = name === "localhost" ? 2 : answer[3];
    assertBytes(answer, join([5, 0], refusal(reply!)));
    assertEquals([length, reply === 0], [12, false]);
    await using open = await startTestProxy();
    await assertServedAlone(open, echo);
  });
}

Deno.test("socks5() reaches this machine on a public listener when that is allowed", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ ...PUBLIC, allowPrivate: true });
  for (const host of ["127.0.0.1", "localhost"]) {
    using conn = await proxy.connect();
    await greet(conn);
    await writeAll(conn, nameRequest(host, echo.addr.port));
    assertEquals((await within(5_000, readReply(conn))).reply, 0);
  }
});

Deno.test("socks5() refuses with 2 on a public listener with users", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    listen: PUBLIC.listen,
    users: [{ name: "a", password: "b" }],
  });
  const request = connectRequest("127.0.0.1", echo.addr.port);
  const said = join([5, 1, 2], [1, 1, 97, 1, 98], request);
  assertBytes(await exchange(proxy, said), join([5, 2, 1, 0], refusal(2)));
  assertEquals(echo.accepted, 0);
});

Deno.test("socks5() guards only the listener that others can reach", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    listen: [{ host: "127.0.0.1", port: 0 }, { host: "0.0.0.0", port: 0 }],
    open: true,
  });
  const listeners = proxy.proxy.listeners.map(({ isPublic }) => isPublic);
  assertEquals(listeners, [false, true]);
  for (const { addr, isPublic } of proxy.proxy.listeners) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: addr.port });
    await greet(conn);
    await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
    const { reply } = await within(5_000, readReply(conn));
    assertEquals(reply, isPublic ? 2 : 0);
  }
});

/** The same target, where this machine reaches it. */
function local(echo: ReturnType<typeof startEcho>): typeof echo {
  const hostname = echo.addr.hostname === "::" ? "::1" : "127.0.0.1";
  return {
    addr: { ...echo.addr, hostname },
    get accepted() {
      return echo.accepted;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
