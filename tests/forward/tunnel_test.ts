import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  HAS_IPV6,
  pattern,
  readToEof,
  sha256,
  startSilentHost,
} from "../support/dialogue.ts";
import {
  ask,
  pooled,
  startHandUpstream,
  startTestForward,
  upstreamAt,
} from "../support/forward.ts";
import { makeFolder } from "../support/programs.ts";
import { connectResettable } from "../support/reset.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

const MODES = ["off", "ahead", "reuse"] as const;

for (const mode of MODES) {
  const config = mode === "off" ? {} : pooled(mode, 2);

  Deno.test(`forward() carries bytes both ways and counts them, with pool ${mode}`, async () => {
    await using echo = startEcho();
    await using forward = await startTestForward(
      [upstreamAt(echo.addr)],
      config,
    );
    using conn = await forward.connect();
    const data = pattern(3_000_000);
    const [back] = await within(
      20_000,
      Promise.all([readExactly(conn, data.length), writeAll(conn, data)]),
    );
    assertEquals(await sha256(back), await sha256(data));
    conn.close();
    const [event] = await forward.whenEnded(1);
    const { listener, client, target, address, protocol, sent, received } =
      event!;
    const at = `127.0.0.1:${echo.addr.port}`;
    assertEquals([target, address, protocol], [at, at, "tcp"]);
    assertEquals([sent, received], [data.length, data.length]);
    assertEquals([event!.result, event!.endedFirst], ["ok", "client"]);
    assertEquals(listener, `127.0.0.1:${forward.addr.port}`);
    assertMatch(client, /^127\.0\.0\.1:\d+$/);
    assert(event!.duration > 0);
  });

  Deno.test(`forward() passes the upstream's end on, and goes on reading the client, with pool ${mode}`, async () => {
    const heard = Promise.withResolvers<string>();
    await using server = startServer(async (conn) => {
      await readExactly(conn, 1);
      await writeAll(conn, "bye");
      await conn.closeWrite();
      heard.resolve(new TextDecoder().decode(await readToEnd(conn)));
    });
    await using forward = await startTestForward(
      [upstreamAt(server.addr)],
      config,
    );
    using conn = await forward.connect();
    await writeAll(conn, "?");
    const said = await within(5_000, readToEof(conn));
    assertEquals(new TextDecoder().decode(said), "bye");
    await writeAll(conn, "late news");
    conn.close();
    assertEquals(await within(5_000, heard.promise), "late news");
    const [event] = await forward.whenEnded(1);
    assertEquals([event!.result, event!.endedFirst], ["ok", "target"]);
    assertEquals([event!.sent, event!.received], [10, 3]);
  });
}

for (const mode of ["off", "ahead"] as const) {
  const config = mode === "off" ? {} : pooled(mode, 2);

  Deno.test(`forward() passes the client's end on, and gives it the answer, with pool ${mode}`, async () => {
    await using server = startServer(async (conn) => {
      const { length } = await readToEnd(conn);
      await writeAll(conn, `${length} bytes`);
    });
    await using forward = await startTestForward(
      [upstreamAt(server.addr)],
      config,
    );
    using conn = await forward.connect();
    await writeAll(conn, new Uint8Array(100_000));
    await conn.closeWrite();
    const said = await within(5_000, readToEof(conn));
    assertEquals(new TextDecoder().decode(said), "100000 bytes");
    const [event] = await forward.whenEnded(1);
    assertEquals([event!.sent, event!.received], [100_000, 12]);
    assertEquals(event!.reason, "client closed first");
  });
}

Deno.test("forward() relays to several upstreams from listeners of their own", async () => {
  const servers = ["one", "two"].map((name) =>
    startServer((conn) => writeAll(conn, name))
  );
  const listen = { host: "127.0.0.1", port: 0 };
  await using forward = await startTestForward([], {
    routes: servers.map(({ addr }) => ({
      listen,
      upstreams: [upstreamAt(addr)],
    })),
  });
  const names = [];
  for (const { addr } of forward.relay.listeners) {
    using conn = await Deno.connect({ port: addr.port });
    names.push(new TextDecoder().decode(await readToEnd(conn)));
  }
  assertEquals(names, ["one", "two"]);
  for (const server of servers) await server[Symbol.asyncDispose]();
});

Deno.test("forward() relays over IPv6", { ignore: !HAS_IPV6 }, async () => {
  await using echo = startEcho("::1");
  await using forward = await startTestForward([], {
    routes: [{
      listen: { host: "::1", port: 0 },
      upstreams: [upstreamAt(echo.addr)],
    }],
  });
  using conn = await forward.connect();
  assertEquals(await ask(conn, "six", 3), "six");
  conn.close();
  const [event] = await forward.whenEnded(1);
  assertEquals(event!.address, `[::1]:${echo.addr.port}`);
  assertMatch(event!.client, /^\[::1\]:\d+$/);
});

Deno.test("forward() relays to a name", async () => {
  await using echo = startEcho();
  const { port } = echo.addr;
  await using forward = await startTestForward([
    upstreamAt({ host: "localhost", port }),
  ], { names: { servers: [], cacheSize: 10, preference: "only-ipv4" } });
  using conn = await forward.connect();
  assertEquals(await ask(conn, "name", 4), "name");
  conn.close();
  const [event] = await forward.whenEnded(1);
  assertEquals(event!.target, `localhost:${port}`);
  assertEquals(event!.address, `127.0.0.1:${port}`);
});

Deno.test("forward() relays between Unix sockets", {
  ignore: Deno.build.os === "windows",
}, async (t) => {
  await using folder = await makeFolder();
  const near = `${folder.path}/near`;
  const far = `${folder.path}/far`;
  const routes = [{
    listen: { path: near },
    upstreams: [upstreamAt({ path: far }), upstreamAt({ path: `${far}2` })],
  }];
  const listener = Deno.listen({ transport: "unix", path: far });
  const served = (async () => {
    using conn = await listener.accept();
    const { length } = await readToEnd(conn);
    await writeAll(conn, `${length} bytes`);
  })();
  const balance = { method: "source" } as const;

  await t.step("half-close and all", async () => {
    await using forward = await startTestForward([], { routes, balance });
    using conn = await Deno.connect({ transport: "unix", path: near });
    await writeAll(conn, new Uint8Array(50_000));
    await conn.closeWrite();
    const said = await within(5_000, readToEnd(conn));
    assertEquals(new TextDecoder().decode(said), "50000 bytes");
    const [event] = await forward.whenEnded(1);
    const { address, client, target } = event!;
    assertEquals({ address, client, listener: event!.listener, target }, {
      address: `unix:${far}`,
      client: "unix",
      listener: `unix:${near}`,
      target: `unix:${far}`,
    });
    await served;
    listener.close();
  });

  await t.step("the file is gone afterwards", async () => {
    const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    assert(!names.includes("near"), `${names}`);
    await using forward = await startTestForward([], { routes });
    using conn = await Deno.connect({ transport: "unix", path: near });
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    conn.close();
    const [event] = await forward.whenEnded(1);
    assertEquals(event!.result, "failed");
    assertMatch(event!.reason, /^Cannot reach unix:.*\/far2?: /);
  });

  await t.step("a file that nobody listens on is replaced", async () => {
    const before = Deno.listen({ transport: "unix", path: `${near}-moved` });
    Deno.renameSync(`${near}-moved`, near);
    before.close();
    assert(Deno.lstatSync(near).isSocket);
    await using _forward = await startTestForward([], { routes });
    (await Deno.connect({ transport: "unix", path: near })).close();
  });
});

Deno.test("forward() ends idle, half-closed and unconnected tunnels at their timeouts", async (t) => {
  const timeouts = { idle: 100, halfClose: 60, connect: 100 };
  await using upstream = startHandUpstream();
  await using forward = await startTestForward([upstreamAt(upstream.addr)], {
    timeouts,
  });

  await t.step("idle", async () => {
    using conn = await forward.connect();
    await writeAll(conn, "x");
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    const [event] = await forward.whenEnded(1);
    assertEquals([event!.result, event!.sent], ["cut", 1]);
    assertMatch(event!.reason, /^Idle time of 0\.1 s/);
  });

  await t.step("half-closed", async () => {
    using conn = await forward.connect();
    await conn.closeWrite();
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    const event = (await forward.whenEnded(2))[1]!;
    assertMatch(event.reason, /^client closed first: Half-close time of 0\.06/);
  });

  await t.step("connecting", async () => {
    using silent = await startSilentHost();
    if (silent === undefined) return; // The system answers for it.
    await using other = await startTestForward([upstreamAt(silent.addr)], {
      timeouts,
    });
    using conn = await other.connect();
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    conn.close();
    const [event] = await other.whenEnded(1);
    assertEquals(event!.result, "failed");
    assertMatch(event!.reason, /^Cannot reach .*: no answer in time$/);
  });
});

Deno.test("forward() closes immediately if the upstream refuses, and always tries a single upstream", async () => {
  const port = closedPort();
  await using forward = await startTestForward([
    upstreamAt({ host: "127.0.0.1", port }),
  ]);
  for (let n = 0; n < 5; n++) {
    using conn = await forward.connect();
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
  }
  for (const event of await forward.whenEnded(5)) {
    assertEquals(event.result, "failed");
    assertEquals(
      event.reason,
      `Cannot reach 127.0.0.1:${port}: connection refused`,
    );
  }
  await using upstream = startHandUpstream(port);
  using conn = await forward.connect();
  await writeAll(conn, "there");
  const served = await upstream.conn(0);
  assertEquals(await ask(served, "yes", 5), "there");
});

Deno.test("forward() keeps to limits of connections", async () => {
  await using echo = startEcho();
  await using forward = await startTestForward([upstreamAt(echo.addr)], {
    maxConnectionsPerClient: 1,
  });
  using first = await forward.connect();
  assertEquals(await ask(first, "one", 3), "one");
  using second = await forward.connect();
  assertEquals(await within(5_000, readToEnd(second)), new Uint8Array());
  second.close();
  const [event] = await forward.whenEnded(1);
  assertEquals(
    [event!.result, event!.limit],
    ["refused", "connections-per-client"],
  );
  assertEquals(await ask(first, "still", 5), "still");
});

Deno.test("forward() keeps to a rate", async () => {
  await using echo = startEcho();
  await using forward = await startTestForward([upstreamAt(echo.addr)], {
    ...pooled("reuse"),
    limits: { rates: { connection: { up: 100_000, down: 100_000 } } },
  });
  using conn = await forward.connect();
  const data = new Uint8Array(60_000);
  const begin = performance.now();
  await within(
    10_000,
    Promise.all([writeAll(conn, data), readExactly(conn, data.length)]),
  );
  const took = performance.now() - begin;
  assert(took > 300, `${took} ms`);
});

Deno.test("forward() logs which end has reset", async () => {
  await using upstream = startHandUpstream();
  await using forward = await startTestForward([upstreamAt(upstream.addr)]);
  const socket = await connectResettable(forward.addr);
  socket.write("hello");
  await readExactly(await upstream.conn(0), 5);
  socket.resetAndDestroy();
  const [event] = await forward.whenEnded(1);
  assertEquals(
    [event!.result, event!.reason, event!.sent],
    ["cut", "client: connection reset", 5],
  );
});
