import { assert, assertEquals } from "@std/assert";
import { openTls } from "../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import { ECHO_OPTIONS } from "../../lib/echo/options.ts";
import { startEcho } from "../../lib/echo/start.ts";
import { type SomeForwardConfig, startForward } from "../support/forward.ts";
import type { RunningRelay } from "../../lib/forward/start.ts";
import type { TlsConfig } from "../../lib/serve/tls/config.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { startTls } from "../../lib/net/tls/start.ts";
import type { ConnectionEvent, LogEvent } from "../../lib/observe/log_event.ts";
import {
  sharedAuthority,
  type TestAuthority,
} from "../support/certificates.ts";
import { eventually, pattern, sha256 } from "../support/dialogue.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";
import { mutualTls, serverTls } from "../support/tls_proxy.ts";

type Side = "plain" | "TLS" | "mutual TLS";

const TLS: Readonly<
  Record<Side, ((a: TestAuthority) => TlsConfig) | undefined>
> = { "plain": undefined, "TLS": serverTls, "mutual TLS": mutualTls };

const ANYWHERE = { host: "127.0.0.1", port: 0 };

const authority = await sharedAuthority();

async function openSide(side: Side) {
  const config = TLS[side]?.(authority);
  if (config === undefined) return undefined;
  return (await openTls(config, { log: () => {} })).tls;
}

interface Fixture extends AsyncDisposable {
  relay: RunningRelay;
  ended: ConnectionEvent[];
  connect(name?: string): Promise<Connection>;
}

/** A relay with TLS on either side, in front of an echo server. */
async function start(
  client: Side,
  upstream: Side,
  given: (port: number) => SomeForwardConfig = () => ({}),
): Promise<Fixture> {
  const tls = await openSide(upstream);
  const echo = await startEcho({
    ...defaultSettings(ECHO_OPTIONS),
    ...{ mode: "echo", listen: ANYWHERE, tls },
  });
  const { port } = echo.listeners[0]!.addr;
  const outgoing = await openUpstreamTls({
    certificates: [{
      certificate: authority.path("alice.crt"),
      key: authority.path("alice.key"),
    }],
    authorities: authority.path("ca.crt"),
  }, () => {});
  const ended: ConnectionEvent[] = [];
  const relay = await startForward({
    routes: [{
      listen: ANYWHERE,
      upstreams: [{
        endpoint: { host: "localhost", port },
        isTls: upstream !== "plain",
        weight: 1,
        isBackup: false,
      }],
    }],
    tls: await openSide(client),
    startTls: outgoing.start,
    log: (event: LogEvent) => {
      if (event.event === "connection") ended.push(event);
    },
    ...given(port),
  });
  const { addr } = relay.listeners[0]!;
  return {
    relay,
    ended,
    async connect(name) {
      const plain = await Deno.connect({ port: addr.port });
      if (client === "plain" && name === undefined) return plain;
      try {
        return await startTls(plain, {
          host: "localhost",
          ...(name === undefined ? {} : { name, isInsecure: true }),
          verify: () => Promise.resolve(),
          authorities: authority.authority.certificate,
          ...authority.alice,
        });
      } catch (error) {
        plain.close();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await relay.shutdown(0);
      await echo.shutdown(0);
    },
  };
}

const SIDES = ["plain", "TLS", "mutual TLS"] as const;

for (const client of SIDES) {
  for (const upstream of SIDES) {
    Deno.test(`forward() relays from ${client} to ${upstream}`, async (t) => {
      await using it = await start(client, upstream);
      await t.step("carries 5 MB and half-closes", async () => {
        using conn = await it.connect();
        const bytes = pattern(5_000_000);
        const answer = readToEnd(conn as Deno.TcpConn);
        await writeAll(conn, bytes);
        await conn.closeWrite();
        const echoed = await within(20_000, answer);
        assertEquals(await sha256(echoed), await sha256(bytes));
        conn.close();
        assert(await eventually(() => it.ended.length === 1));
        const { result, sent, received, user } = it.ended.pop()!;
        assertEquals([result, sent, received], ["ok", 5_000_000, 5_000_000]);
        assertEquals(user, client === "mutual TLS" ? "alice" : undefined);
      });
      await t.step("ends at once when cut", async () => {
        using conn = await it.connect();
        await writeAll(conn, "ping");
        await within(5_000, readExactly(conn, 4));
        assertEquals(await within(5_000, it.relay.shutdown(0)), 1);
        assertEquals(it.ended.pop()!.result, "cut");
      });
    });
  }
}

Deno.test("forward() refuses an upstream whose certificate is for another, and says why", async () => {
  await using it = await start("plain", "TLS", (port) => ({
    routes: [{
      listen: ANYWHERE,
      upstreams: [{
        endpoint: { host: "127.0.0.2", port },
        isTls: true,
        weight: 1,
        isBackup: false,
      }],
    }],
  }));
  using conn = await it.connect();
  assertEquals(
    await within(5_000, conn.read(new Uint8Array(1)).catch(() => null)),
    null,
  );
  assert(await eventually(() => it.ended.length === 1));
  assertEquals(it.ended[0]!.result, "failed");
});

for (const client of ["plain", "TLS"] as const) {
  const way = client === "plain"
    ? "without decrypting"
    : "inside of its own TLS";
  Deno.test(`forward() goes by the server name ${way}`, async () => {
    const upstreamOf = (port: number, name: string) => [{
      endpoint: { host: name, port },
      isTls: client === "TLS",
      weight: 1,
      isBackup: false,
    }];
    await using it = await start(client, "TLS", (port) => ({
      routes: [{ listen: ANYWHERE, upstreams: [] }],
      serverNames: new Map([
        ["one.example", upstreamOf(port, "localhost")],
        ["*.two.example", upstreamOf(port, "127.0.0.1")],
      ]),
    }));
    const cases = [
      ["one.example", "localhost:"],
      ["ONE.example", "localhost:"],
      ["a.two.example", "127.0.0.1:"],
      ["a.b.two.example", "127.0.0.1:"],
    ] as const;
    for (const [name, upstream] of cases) {
      using conn = await within(5_000, it.connect(name));
      await writeAll(conn, "ping");
      await within(5_000, readExactly(conn, 4));
      conn.close();
      const { length } = it.ended;
      assert(await eventually(() => it.ended.length > length));
      const { target } = it.ended.at(-1)!;
      assert(target!.replace("tls://", "").startsWith(upstream), target);
    }
    for (const name of ["two.example", "three.example"]) {
      const { length } = it.ended;
      const conn = await within(5_000, it.connect(name).catch(() => undefined));
      conn?.close();
      assert(await eventually(() => it.ended.length > length));
      const { reason, result } = it.ended.at(-1)!;
      assertEquals(result, "refused");
      assertEquals(reason, `No upstream serves server name ${name}`);
    }
  });
}
