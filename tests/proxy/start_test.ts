import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Proxy } from "../../lib/proxy/start.ts";
import type { ListenerInfo } from "../../lib/serve/start_listeners.ts";
import { StartError, UsageError } from "../../lib/cli/usage_error.ts";
import { Users } from "../../lib/policy/users/users.ts";
import type { HostPort } from "../../lib/wire/host_port.ts";
import { HAS_IPV6 } from "../support/dialogue.ts";
import { assertFree } from "../support/free_port.ts";
import {
  connectRequest,
  greet,
  openTunnel,
  readReply,
  type SomeProxyConfig,
  startProxy,
  startTestProxy,
} from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const LOOPBACK: HostPort = { host: "127.0.0.1", port: 0 };
const ALL_IPV4: HostPort = { host: "0.0.0.0", port: 0 };
const USERS = [{ name: "alice", password: "secret" }];

/** For documentation (RFC 5737), so an address of no machine. */
const NOT_OURS: HostPort = { host: "203.0.113.1", port: 0 };

function connectTo({ addr }: ListenerInfo): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: addr.hostname, port: addr.port });
}

/** Runs a proxy for as long as a test needs it. */
async function withProxy(
  config: SomeProxyConfig,
  test: (proxy: Proxy) => unknown,
): Promise<void> {
  const proxy = await startProxy(config);
  try {
    await test(proxy);
  } finally {
    await proxy.shutdown(0);
  }
}

/** Asks a proxy on this machine for a target; returns the reply code. */
async function ask(
  { listeners }: Proxy,
  host: string,
  port: number,
): Promise<number> {
  const { addr } = listeners[0]!;
  const hostname = addr.hostname === "::" ? "::1" : "127.0.0.1";
  using conn = await Deno.connect({ hostname, port: addr.port });
  await greet(conn);
  await writeAll(conn, connectRequest(host, port));
  const { reply } = await readReply(conn);
  return reply;
}

Deno.test("startProxy() serves on every listener", async () => {
  await using echo = startEcho();
  const hosts = [LOOPBACK, LOOPBACK, { host: "localhost", port: 0 }];
  const proxy = await startProxy({ listen: hosts });
  try {
    assertEquals(proxy.listeners.length, 3);
    const ports = new Set(proxy.listeners.map(({ addr }) => addr.port));
    assertEquals(ports.size, 3);
    const conns: Deno.TcpConn[] = [];
    for (const listener of proxy.listeners) {
      const conn = await connectTo(listener);
      conns.push(conn);
      await greet(conn);
      await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
      assertEquals((await readReply(conn)).reply, 0);
      await writeAll(conn, "hello");
      assertEquals(
        new TextDecoder().decode(await readExactly(conn, 5)),
        "hello",
      );
    }
    assertEquals(proxy.connections, 3);
    assertEquals(await proxy.shutdown(0), 3);
    assertEquals(proxy.connections, 0);
    for (const conn of conns) {
      assertEquals((await readToEnd(conn)).length, 0);
      conn.close();
    }
    for (const { addr } of proxy.listeners) assertFree(addr);
  } finally {
    await proxy.shutdown(0);
  }
});

Deno.test("startProxy() returns who can reach a listener", async () => {
  const cases = [
    { listen: LOOPBACK, isPublic: false },
    { listen: { host: "localhost", port: 0 }, isPublic: false },
    { listen: ALL_IPV4, isPublic: true },
    { listen: { host: "", port: 0 }, isPublic: true },
    // Elsewhere only 127.0.0.1 is there.
    ...Deno.build.os === "linux"
      ? [{ listen: { host: "127.0.0.2", port: 0 }, isPublic: false }]
      : [],
    ...HAS_IPV6
      ? [
        { listen: { host: "::1", port: 0 }, isPublic: false },
        { listen: { host: "::", port: 0 }, isPublic: true },
      ]
      : [],
  ];
  for (const { listen, isPublic } of cases) {
    await withProxy({ listen: [listen], open: true }, ({ listeners }) => {
      assertEquals(listeners.map((listener) => listener.isPublic), [isPublic]);
    });
  }
});

Deno.test("startProxy() refuses a public listener without users or open", async () => {
  const configs: SomeProxyConfig[] = [
    {},
    { users: [] },
    { users: await Users.create([]) },
    { open: false },
    // That targets may be private says nothing of who may ask for them.
    { allowPrivate: true },
  ];
  for (const config of configs) {
    for (const host of ["0.0.0.0", ""]) {
      const error = await assertRejects(
        () => startProxy({ listen: [{ host, port: 0 }], ...config }),
        UsageError,
      );
      assert(error.message.startsWith("Refusing to listen on "));
      assert(error.message.includes("--user NAME:PASSWORD"));
      assert(error.message.includes("--open"));
    }
  }
});

Deno.test("startProxy() refuses users when nothing is spoken that has a password", async () => {
  const listen = [LOOPBACK];
  const error = await assertRejects(
    () => startProxy({ listen, users: USERS, protocols: ["socks4"] }),
    UsageError,
  );
  assert(error.message.includes("--protocols: socks4 has no passwords"));
  for (const other of ["socks5", "http"] as const) {
    const protocols = ["socks4", other] as const;
    await withProxy({
      listen,
      users: USERS,
      protocols: [...protocols],
    }, () => {});
  }
  await withProxy({ listen, protocols: ["socks4"] }, () => {});
});

Deno.test("startProxy() takes a public listener with users, or when open", async () => {
  const users = await Users.create(USERS);
  for (const config of [{ users: USERS }, { users }, { open: true }]) {
    await withProxy({ listen: [ALL_IPV4], ...config }, ({ listeners }) => {
      assertEquals(listeners[0]!.addr.hostname, "0.0.0.0");
      assert(listeners[0]!.addr.port > 0);
    });
  }
});

Deno.test("startProxy() opens none of its listeners when one is bad", async () => {
  const port = closedPort();
  const good: HostPort = { host: "127.0.0.1", port };
  const cases = [
    { listen: [good, NOT_OURS], ErrorClass: StartError },
    { listen: [NOT_OURS, good], ErrorClass: StartError },
    { listen: [good, good], ErrorClass: StartError },
    { listen: [good, LOOPBACK, NOT_OURS], ErrorClass: StartError },
    { listen: [good, ALL_IPV4], ErrorClass: UsageError },
    { listen: [{ host: "0.0.0.0", port }], ErrorClass: UsageError },
  ];
  for (const { listen, ErrorClass } of cases) {
    await assertRejects(() => startProxy({ listen }), ErrorClass);
    assertFree({ hostname: "127.0.0.1", port });
  }
});

Deno.test("startProxy() refuses special addresses on a public listener", async () => {
  await using echo = startEcho();
  const { port } = echo.addr;
  const hosts = [
    "127.0.0.1",
    "127.0.0.2",
    "localhost",
    "0.0.0.0",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "2002:7f00:1::",
    "10.0.0.1",
    "169.254.169.254",
    "fe80::1",
  ];
  await withProxy({ listen: [ALL_IPV4], open: true }, async (proxy) => {
    for (const host of hosts) {
      assertEquals(await ask(proxy, host, port), 2, host);
    }
  });
  assertEquals(echo.accepted, 0);
});

Deno.test("startProxy() guards a listener on all addresses of both families", async () => {
  await using echo = startEcho();
  const listen = [{ host: "", port: 0 }];
  await withProxy({ listen, open: true }, async (proxy) => {
    assertEquals(await ask(proxy, "127.0.0.1", echo.addr.port), 2);
  });
  assertEquals(echo.accepted, 0);
});

Deno.test("startProxy() refuses odd literals of loopback on a public listener", async () => {
  await using echo = startEcho();
  const names = ["127.1", "0x7f.1", "2130706433", "017700000001"];
  await withProxy({ listen: [ALL_IPV4], open: true }, async (proxy) => {
    for (const name of names) {
      // Refused where the resolver takes them for addresses, else not found.
      const reply = await ask(proxy, name, echo.addr.port);
      assert([2, 4].includes(reply), `${name}: ${reply}`);
    }
  });
  assertEquals(echo.accepted, 0);
});

Deno.test("startProxy() lifts the guard with allowPrivate, and on loopback", async () => {
  await using echo = startEcho();
  const configs = [
    { listen: [ALL_IPV4], open: true, allowPrivate: true },
    { listen: [LOOPBACK] },
  ];
  for (const config of configs) {
    await withProxy(config, async (proxy) => {
      assertEquals(await ask(proxy, "127.0.0.1", echo.addr.port), 0);
      assertEquals(await ask(proxy, "localhost", echo.addr.port), 0);
    });
  }
});

Deno.test("startProxy() guards each listener by who can reach it", async () => {
  await using echo = startEcho();
  const listen = [ALL_IPV4, LOOPBACK];
  await withProxy({ listen, open: true }, async (proxy) => {
    const [open, local] = proxy.listeners;
    const { port } = echo.addr;
    assertEquals(await ask({ ...proxy, listeners: [open!] }, "::1", port), 2);
    assertEquals(
      await ask({ ...proxy, listeners: [local!] }, "127.0.0.1", port),
      0,
    );
  });
});

Deno.test("startProxy() asks for credentials when it has users", async () => {
  await withProxy({ listen: [LOOPBACK], users: USERS }, async (proxy) => {
    using conn = await connectTo(proxy.listeners[0]!);
    await writeAll(conn, [5, 1, 0]);
    assertEquals([...await readExactly(conn, 2)], [5, 0xff]);
  });
});

Deno.test("startProxy() refuses connections over its limits", async () => {
  const configs = [
    { maxConnections: 1 },
    { maxConnectionsPerClient: 1 },
  ];
  await using echo = startEcho();
  for (const config of configs) {
    await using proxy = await startTestProxy(config);
    {
      using first = await openTunnel(proxy, echo.addr);
      await assertRejects(
        () => openTunnel(proxy, echo.addr),
        Error,
        "Refused with 1",
      );
      await first.closeWrite();
      await readToEnd(first);
    }
    await within(10_000, proxy.whenEnded(2));
    using _next = await openTunnel(proxy, echo.addr);
  }
});

Deno.test("startProxy() counts connections of all listeners together", async () => {
  await using echo = startEcho();
  const listen = [LOOPBACK, LOOPBACK];
  await using proxy = await startTestProxy({ listen, maxConnections: 1 });
  using _first = await openTunnel(proxy, echo.addr);
  const [, second] = proxy.proxy.listeners;
  const through = { ...proxy.proxy, listeners: [second!] };
  assertEquals(await ask(through, "127.0.0.1", echo.addr.port), 1);
});

Deno.test("Proxy.shutdown() returns how many connections were cut in all", async () => {
  await using echo = startEcho();
  const listen = [LOOPBACK, LOOPBACK];
  await using proxy = await startTestProxy({ listen });
  using _open = await openTunnel(proxy, echo.addr);
  assertEquals(await proxy.proxy.shutdown(20), 1);
  assertEquals(await proxy.proxy.shutdown(0), 1);
});

Deno.test("Proxy.shutdown() returns 0 immediately when nothing is open", async () => {
  const proxy = await startProxy({ listen: [LOOPBACK] });
  assertEquals(await within(10_000, proxy.shutdown(3_600_000)), 0);
});
