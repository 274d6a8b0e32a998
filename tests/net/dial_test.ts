import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { dial } from "../../lib/net/dial.ts";
import { DialError } from "../../lib/net/dial_error.ts";
import { Context } from "../../lib/sync/context.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../lib/wire/ip_address.ts";
import { HAS_IPV6, startSilentHost } from "../support/dialogue.ts";
import {
  closedPort,
  readToEnd,
  startServer,
  within,
} from "../support/sockets.ts";

function ips(...texts: string[]): IpAddress[] {
  return texts.map((text) => parseIpAddress(text)!);
}

Deno.test("dial() connects to an address of either family", async (t) => {
  for (const host of ["127.0.0.1", "::1"]) {
    await t.step(host, async () => {
      await using server = startServer(() => {}, host);
      const { connection, address } = await dial(
        ips(host),
        server.addr.port,
        new Context(),
      );
      assertEquals(formatIpAddress(address), host);
      connection.close();
    });
  }
});

Deno.test("dial() throws what the address answered", async () => {
  const port = closedPort();
  const error = await assertRejects(
    () => dial(ips("127.0.0.1"), port, new Context()),
    DialError,
    `Cannot reach 127.0.0.1:${port}: connection refused`,
  );
  assertEquals(error.kind, "refused");
});

Deno.test("dial() goes on to the next address when one fails", async () => {
  await using server = startServer(() => {});
  const { connection, address } = await within(
    2_000,
    dial(
      ips("127.0.0.2", "127.0.0.3", "127.0.0.1"),
      server.addr.port,
      new Context(),
      // So long that only the failures can have moved it on.
      { stagger: 60_000 },
    ),
  );
  assertEquals(formatIpAddress(address), "127.0.0.1");
  connection.close();
});

Deno.test("dial() gives up a silent host when its time is up", async () => {
  using silent = await startSilentHost();
  assert(silent !== undefined, "The system answers for a full backlog");
  const started = performance.now();
  const error = await assertRejects(
    () =>
      within(
        5_000,
        dial(ips("127.0.0.1"), silent.addr.port, new Context(), {
          timeout: 150,
        }),
      ),
    DialError,
    "no answer in time",
  );
  assertEquals(error.kind, "timeout");
  assert(performance.now() - started >= 150);
});

Deno.test("dial() tries the next address when one stays silent", async () => {
  using silent = await startSilentHost();
  assert(silent !== undefined, "The system answers for a full backlog");
  using listener = Deno.listen({
    hostname: "127.0.0.2",
    port: silent.addr.port,
  });
  const started = performance.now();
  const { connection, address } = await within(
    5_000,
    dial(ips("127.0.0.1", "127.0.0.2"), silent.addr.port, new Context(), {
      stagger: 100,
    }),
  );
  assertEquals(formatIpAddress(address), "127.0.0.2");
  const took = performance.now() - started;
  assert(took >= 95, `the first had its time: ${took} ms`);
  assertLess(took, 5_000);
  connection.close();
  (await listener.accept()).close();
});

Deno.test("dial() prefers the failure that says most", async () => {
  using silent = await startSilentHost();
  assert(silent !== undefined, "The system answers for a full backlog");
  const error = await assertRejects(
    () =>
      dial(ips("127.0.0.1", "127.0.0.2"), silent.addr.port, new Context(), {
        timeout: 200,
        stagger: 20,
      }),
    DialError,
  );
  assertEquals(error.kind, "refused");
});

Deno.test("dial() throws the reason when it is cancelled", async () => {
  using silent = await startSilentHost();
  assert(silent !== undefined, "The system answers for a full backlog");
  const context = new Context();
  const pending = dial(ips("127.0.0.1"), silent.addr.port, context);
  context.cancel(new Error("drain"));
  await assertRejects(() => within(5_000, pending), Error, "drain");
});

Deno.test("dial() does not begin when it is cancelled already", async () => {
  const context = new Context();
  context.cancel(new Error("drain"));
  await using server = startServer(() => {});
  await assertRejects(
    () => dial(ips("127.0.0.1"), server.addr.port, context),
    Error,
    "drain",
  );
  assertEquals(server.accepted, 0);
});

Deno.test("dial() interleaves the families", async () => {
  using silent = await startSilentHost();
  assert(silent !== undefined, "The system answers for a full backlog");
  const { port } = silent.addr;
  using listener = Deno.listen({ hostname: "::1", port });
  // Twelve addresses of one family that is silent: in the order given, ::1 would
  // have its turn after 3.6 s; interleaved, after 300 ms.
  const started = performance.now();
  const { connection, address } = await dial(
    ips(...new Array<string>(12).fill("127.0.0.1"), "::1"),
    port,
    new Context(),
    { stagger: 300 },
  );
  assertEquals(formatIpAddress(address), "::1");
  assertLess(performance.now() - started, 3_000);
  connection.close();
  (await listener.accept()).close();
});

Deno.test({
  name: "dial() loses no more than the stagger to a broken IPv6",
  ignore: !HAS_IPV6,
  async fn() {
    using silent = await startSilentHost("::1");
    assert(silent !== undefined, "The system answers for a full backlog");
    const { port } = silent.addr;
    using listener = Deno.listen({ hostname: "127.0.0.1", port });
    const started = performance.now();
    const { connection, address } = await dial(
      ips("::1", "2001:db8::1", "127.0.0.1"),
      port,
      new Context(),
    );
    const took = performance.now() - started;
    assertEquals(formatIpAddress(address), "127.0.0.1");
    assert(took >= 245, `the first had its time: ${took} ms`);
    assertLess(took, 5_000);
    connection.close();
    (await listener.accept()).close();
  },
});

Deno.test("dial() tries 16 addresses", async () => {
  await using server = startServer(() => {}, "127.0.0.100");
  const { port } = server.addr;
  const refusing = Array.from({ length: 16 }, (_, n) => `127.0.0.${n + 1}`);
  await assertRejects(
    () => dial(ips(...refusing, "127.0.0.100"), port, new Context()),
    DialError,
    "refused",
  );
  const { connection } = await dial(
    ips(...refusing.slice(1), "127.0.0.100"),
    port,
    new Context(),
  );
  connection.close();
});

Deno.test("dial() leaves from the address of the family", async (t) => {
  const outgoing = {
    ipv4: parseIpAddress("127.0.0.9")!,
    ipv6: parseIpAddress("::1")!,
  };
  for (
    const [target, from] of [
      ["127.0.0.1", "127.0.0.9"],
      ["::ffff:127.0.0.1", "127.0.0.9"],
      ["::1", "::1"],
    ] as const
  ) {
    const ignore = target === "::1" && !HAS_IPV6;
    await t.step({
      name: target,
      ignore,
      async fn() {
        const seen = Promise.withResolvers<Deno.NetAddr>();
        await using server = startServer(
          (conn) => {
            seen.resolve(conn.remoteAddr as Deno.NetAddr);
          },
          target === "::1" ? "::1" : "127.0.0.1",
        );
        const { connection } = await dial(
          ips(target),
          server.addr.port,
          new Context(),
          { outgoing },
        );
        using _closing = connection;
        assertEquals((await seen.promise).hostname, from);
        assertEquals(connection.localAddr, await seen.promise);
        assertEquals((await readToEnd(connection)).length, 0);
      },
    });
  }
});

Deno.test("dial() fails as ever when it leaves from an address", async (t) => {
  const outgoing = { ipv4: parseIpAddress("127.0.0.9")! };
  await t.step("to a port that refuses", async () => {
    const error = await assertRejects(
      () => dial(ips("127.0.0.1"), closedPort(), new Context(), { outgoing }),
      DialError,
      "connection refused",
    );
    assertEquals(error.kind, "refused");
  });
  await t.step("to a silent host", async () => {
    using silent = await startSilentHost();
    assert(silent !== undefined, "The system answers for a full backlog");
    const { port } = silent.addr;
    const error = await assertRejects(
      () =>
        dial(ips("127.0.0.1"), port, new Context(), { outgoing, timeout: 100 }),
      DialError,
      "no answer in time",
    );
    assertEquals(error.kind, "timeout");
    const context = new Context();
    const pending = dial(ips("127.0.0.1"), port, context, { outgoing });
    context.cancel(new Error("drain"));
    await assertRejects(() => within(5_000, pending), Error, "drain");
  });
  await t.step("from an address that is not ours", async () => {
    const strange = { ipv4: parseIpAddress("203.0.113.5")! };
    await using server = startServer(() => {});
    const { port } = server.addr;
    await assertRejects(
      () => dial(ips("127.0.0.1"), port, new Context(), { outgoing: strange }),
      DialError,
      `Cannot reach 127.0.0.1:${port}`,
    );
    assertEquals(server.accepted, 0);
  });
});

Deno.test("dial() tries late addresses when the others have failed", async () => {
  await using server = startServer(() => {});
  const late = Promise.withResolvers<IpAddress[]>();
  const dialling = dial(
    ips("127.0.0.2"),
    server.addr.port,
    new Context(),
    { stagger: 60_000, late: late.promise },
  );
  late.resolve(ips("127.0.0.3", "127.0.0.1"));
  const { connection, address } = await within(5_000, dialling);
  assertEquals(formatIpAddress(address), "127.0.0.1");
  connection.close();
});

Deno.test("dial() lets late addresses join while the first is silent", async () => {
  using silent = await startSilentHost();
  assert(silent !== undefined, "The system answers for a full backlog");
  const { port } = silent.addr;
  using listener = Deno.listen({ hostname: "127.0.0.2", port });
  const late = Promise.withResolvers<IpAddress[]>();
  const dialling = dial(ips("127.0.0.1"), port, new Context(), {
    stagger: 20,
    late: late.promise,
  });
  late.resolve(ips("127.0.0.2"));
  const { connection, address } = await within(5_000, dialling);
  assertEquals(formatIpAddress(address), "127.0.0.2");
  connection.close();
  (await listener.accept()).close();
});

Deno.test({
  name: "dial() tries the family that came late next",
  ignore: !HAS_IPV6,
  async fn() {
    using silent = await startSilentHost();
    assert(silent !== undefined, "The system answers for a full backlog");
    const { port } = silent.addr;
    using listener = Deno.listen({ hostname: "::1", port });
    const started = performance.now();
    const { connection, address } = await dial(
      ips(...new Array<string>(12).fill("127.0.0.1")),
      port,
      new Context(),
      { stagger: 300, late: Promise.resolve(ips("::1")) },
    );
    assertEquals(formatIpAddress(address), "::1");
    assertLess(performance.now() - started, 3_000);
    connection.close();
    (await listener.accept()).close();
  },
});

Deno.test("dial() fails as the others did when nothing comes late", async (t) => {
  const port = closedPort();
  const never = new Promise<IpAddress[]>(() => {});
  const context = new Context();
  const cases = {
    "no address": () =>
      dial(ips("127.0.0.1"), port, new Context(), {
        late: Promise.resolve([]),
      }),
    "nothing in time": () =>
      dial(ips("127.0.0.1"), port, new Context(), {
        late: never,
        timeout: 100,
      }),
    "more than 16": () =>
      dial(
        ips(...Array.from({ length: 16 }, (_, n) => `127.0.0.${n + 1}`)),
        port,
        new Context(),
        { late: never },
      ),
  };
  for (const [name, fail] of Object.entries(cases)) {
    await t.step(name, async () => {
      const error = await assertRejects(
        () => within(5_000, fail()),
        DialError,
        "connection refused",
      );
      assertEquals(error.kind, "refused");
    });
  }
  await t.step("a cancellation", async () => {
    const dialling = dial(ips("127.0.0.1"), port, context, { late: never });
    context.cancel(new Error("drain"));
    await assertRejects(() => within(5_000, dialling), Error, "drain");
  });
});
