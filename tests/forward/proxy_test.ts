import { assert, assertEquals, assertMatch } from "@std/assert";
import { openTls } from "../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import { parseIpRange } from "../../lib/wire/ip_range.ts";
import { makeTestAuthority } from "../support/certificates.ts";
import { eventually, readToEof } from "../support/dialogue.ts";
import {
  ask,
  pooled,
  startTestForward,
  upstreamAt,
} from "../support/forward.ts";
import { startEcho, startServer, within } from "../support/sockets.ts";
import { serverTls } from "../support/tls_proxy.ts";

const LOCAL = "0d0a0d0a000d0a515549540a20000000";

/** A relay to an echo server that has to be told who its clients are. */
async function startTold() {
  const authority = await makeTestAuthority();
  const { tls } = await openTls(serverTls(authority), { log: () => {} });
  const echo = startEcho();
  const relay = await startTestForward([upstreamAt(echo.addr)], {
    tls,
    acceptProxy: { isRequired: true, from: [parseIpRange("127.0.0.1/32")] },
  });
  const outgoing = await openUpstreamTls({
    certificates: [],
    authorities: authority.path("ca.crt"),
  }, () => {});
  return {
    upstream: upstreamAt(relay.addr, { isTls: true }),
    ended: relay.ended,
    startTls: outgoing.start,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
      await authority[Symbol.asyncDispose]();
    },
  };
}

for (const mode of ["off", "ahead"] as const) {
  for (const sendProxy of ["v1", "v2"] as const) {
    Deno.test(`forward() tells another Sluice who the client is, before TLS, by ${sendProxy} with pool ${mode}`, async () => {
      await using told = await startTold();
      await using forward = await startTestForward([told.upstream], {
        ...mode === "off" ? {} : pooled(mode, 2),
        sendProxy,
        startTls: told.startTls,
      });
      if (mode === "ahead") await forward.parked(2);
      for (let n = 0; n < 4; n++) {
        using conn = await forward.connect();
        assertEquals(await ask(conn, `client ${n}`, 8), `client ${n}`);
        await conn.closeWrite();
        await within(5_000, readToEof(conn));
        const { hostname, port } = conn.localAddr;
        const client = `${hostname}:${port}`;
        assert(
          await eventually(() => told.ended.some((e) => e.client === client)),
          JSON.stringify(told.ended),
        );
      }
      const { hits } = forward.figures;
      assertEquals(hits > 0, mode === "ahead");
      for (const { result } of await forward.whenEnded(4)) {
        assertEquals(result, "ok");
      }
    });
  }
}

for (const sendProxy of ["v1", "v2"] as const) {
  Deno.test(`forward() sends a header of ${sendProxy} when it checks`, async () => {
    const told: string[] = [];
    await using upstream = startServer(async (conn) => {
      const bytes = await readToEof(conn);
      told.push(
        sendProxy === "v1" ? new TextDecoder().decode(bytes) : bytes.toHex(),
      );
    });
    await using forward = await startTestForward([upstreamAt(upstream.addr)], {
      sendProxy,
      balance: { checkInterval: 5 },
    });
    assert(await eventually(() => told.length >= 3));
    const expected = sendProxy === "v1" ? "PROXY UNKNOWN\r\n" : LOCAL;
    assertEquals(new Set(told), new Set([expected]));
    assertEquals(forward.messages, []);
  });
}

Deno.test("forward() goes on with a new connection when one that was ready has ended before TLS", async () => {
  await using told = await startTold();
  let dials = 0;
  await using forward = await startTestForward([told.upstream], {
    ...pooled("ahead", 1),
    sendProxy: "v2",
    async startTls(connection, peer) {
      // The upstream is restarted in the very moment.
      if (dials++ === 0) connection.close();
      return await told.startTls(connection, peer);
    },
  });
  await forward.parked(1);
  using conn = await forward.connect();
  assertEquals(await ask(conn, "intact", 6), "intact");
  assertEquals(dials, 2);
  assertEquals(forward.messages, []);
});

Deno.test("forward() takes an upstream down whose TLS fails behind the header, although it takes connections", async () => {
  await using upstream = startServer(async (conn) => {
    await conn.read(new Uint8Array(10)); // No TLS here.
  });
  const authority = await makeTestAuthority();
  await using _authority = authority;
  const { start: startTls } = await openUpstreamTls({
    certificates: [],
    authorities: authority.path("ca.crt"),
  }, () => {});
  await using forward = await startTestForward(
    [upstreamAt(upstream.addr, { isTls: true })],
    { ...pooled("ahead", 1), sendProxy: "v1", startTls, health: { fall: 2 } },
  );
  for (let n = 0; n < 2; n++) {
    using conn = await forward.connect();
    await conn.write(new Uint8Array(1));
    await within(5_000, conn.read(new Uint8Array(1)).catch(() => null));
  }
  assert(await eventually(() => forward.messages.length > 0));
  assertMatch(forward.messages[0]!, /is down: .*TLS handshake failed/);
});
