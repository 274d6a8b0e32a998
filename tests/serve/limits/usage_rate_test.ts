import { assert, assertEquals } from "@std/assert";
import { UdpRelay } from "../../../lib/proxy/udp/relay.ts";
import { Pace } from "../../../lib/sync/pace.ts";
import { Rate } from "../../../lib/sync/rate.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { eventually } from "../../support/dialogue.ts";
import { openTunnel, startTestProxy } from "../../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { assertSoon } from "../../support/time.ts";
import { startUdp, udpSocket, wrap } from "../../support/udp.ts";
import { askTunnel, USERS } from "../../support/usage.ts";

/** A burst of 10 ms and 2 KiB, so that some kilobytes take a while. */
function slowly(up: number, down: number) {
  return { rates: { connection: { up, down }, burst: 10 } };
}

/** Milliseconds that something takes. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await within(10_000, work());
  return performance.now() - started;
}

Deno.test("SessionUsage.pace() slows each way of a tunnel on its own", async () => {
  await using echo = startEcho();
  for (const [up, down] of [[40_000, 0], [0, 40_000]]) {
    await using proxy = await startTestProxy({ limits: slowly(up!, down!) });
    using conn = await openTunnel(proxy, echo.addr);
    const took = await time(async () => {
      await writeAll(conn, new Uint8Array(16_000));
      await readExactly(conn, 16_000);
    });
    // All but the burst and the piece that was begun last.
    assert(took >= (16_000 - 2 * 2_048) / 40 - 1, `${took} ms`);
  }
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, echo.addr);
  await assertSoon(250, () =>
    time(async () => {
      await writeAll(conn, new Uint8Array(16_000));
      await readExactly(conn, 16_000);
    }));
});

Deno.test("SessionUsage.pace() slows the bodies of HTTP each way", async () => {
  const body = "x".repeat(12_000);
  await using origin = startServer(async (conn) => {
    let text = "";
    const buffer = new Uint8Array(64 * 1024);
    while (!text.endsWith(body)) {
      const count = await conn.read(buffer);
      text += new TextDecoder().decode(buffer.subarray(0, count!));
    }
    await writeAll(
      conn,
      `HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n${body}`,
    );
    await readToEnd(conn);
  });
  const at = `127.0.0.1:${origin.addr.port}`;
  const request =
    `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nContent-Length: 12000\r\nConnection: close\r\n\r\n${body}`;
  const least = (12_000 - 2 * 4_096) / 40 - 1;
  for (const [up, down] of [[40_000, 0], [0, 40_000], [40_000, 40_000]]) {
    await using proxy = await startTestProxy({ limits: slowly(up!, down!) });
    using conn = await proxy.connect();
    let answer = new Uint8Array();
    const took = await time(async () => {
      await writeAll(conn, request);
      answer = await readToEnd(conn);
    });
    assertEquals(new TextDecoder().decode(answer).endsWith(body), true);
    const both = up! > 0 && down! > 0;
    assert(took >= (both ? 2 : 1) * least, `${up}:${down} took ${took} ms`);
  }
});

Deno.test("SessionUsage.pace() charges a request that came whole with its head", async () => {
  await using origin = startServer(async (conn) => {
    const buffer = new Uint8Array(4096);
    while (await conn.read(buffer) !== null) {
      await writeAll(conn, "HTTP/1.1 204 No Content\r\n\r\n");
    }
  });
  await using proxy = await startTestProxy({ limits: slowly(10_000, 0) });
  using conn = await proxy.connect();
  const at = `127.0.0.1:${origin.addr.port}`;
  const body = "x".repeat(1_000);
  const request =
    `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nContent-Length: 1000\r\n\r\n${body}`;
  const took = await time(async () => {
    const answer = new Uint8Array(4096);
    for (let n = 0; n < 8; n++) {
      await writeAll(conn, request);
      await conn.read(answer);
    }
  });
  // The last one may wait for nobody, the first are the burst.
  assert(took >= 300, `${took} ms`);
});

Deno.test("RateLimits lets the tunnels of a user share, and no other", async () => {
  await using echo = startEcho();
  const rate = { up: 40_000, down: 0 };
  const limits = { rates: { user: rate, burst: 10 } };
  await using proxy = await startTestProxy({ users: USERS, limits });

  async function send(name: string): Promise<void> {
    const { conn } = await askTunnel(proxy, name, echo.addr);
    await writeAll(conn, new Uint8Array(8_000));
    await readExactly(conn, 8_000);
    conn.close();
  }

  const alone = await time(() => send("bob"));
  const together = await time(() =>
    Promise.all([send("alice"), send("alice")])
  );
  assert(alone >= (8_000 - 2 * 2_048) / 40 - 1, `${alone} ms`);
  assert(together >= (16_000 - 3 * 2_048) / 40 - 1, `${together} ms`);
});

Deno.test("UdpRelay drops and counts what goes beyond the rate", async () => {
  for (const way of ["up", "down"] as const) {
    await using server = startUdp();
    const rate = new Rate(1_000, { now: () => 0 });
    const paces = { up: undefined, down: undefined, [way]: new Pace([rate]) };
    using client = udpSocket();
    const socket = udpSocket();
    const relay = new UdpRelay(socket, {
      client: parseIpAddress("127.0.0.1")!,
      clientPort: 0,
      route: () => "direct",
      outgoing: {},
      lookup: () => Promise.resolve(undefined),
      paces,
    });
    const datagram = wrap(new Uint8Array(1_000), server.addr);
    for (let n = 0; n < 20; n++) await client.send(datagram, socket.addr);
    // A rate of which 2,048 bytes are left is open to a third datagram.
    const want = way === "up"
      ? { sent: 3, received: 3, dropped: 17 }
      : { sent: 20, received: 3, dropped: 17 };
    const { datagrams, bytes } = relay;
    const isSo = () => datagrams.received === 3 && datagrams.dropped === 17;
    await eventually(isSo);
    assertEquals(datagrams, want);
    assertEquals(bytes.received, 3_000);
    await relay.close();
  }
});
