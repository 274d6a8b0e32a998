import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { once } from "node:events";
import net from "node:net";
import { assertBytes, dialogue } from "../support/dialogue.ts";
import { startHeld } from "../support/held_server.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import { connectResettable } from "../support/reset.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";

const MEGABYTE = 1_000_000;

/** Above what the kernel and the proxy may hold between two programs. */
const TOO_MUCH = 64 * MEGABYTE;

/** A writer that stands still for so long is held back, in milliseconds. */
const STILL = 300;

interface Flood {
  /** Bytes that were taken so far. */
  readonly count: number;
  /** Resolves when nothing more is taken, or too much was. */
  readonly stalled: Promise<void>;
  /** Resolves when writing has failed, or too much was taken. */
  readonly ended: Promise<void>;
}

/** Writes for as long as somebody takes it. */
function flood(conn: Deno.Conn): Flood {
  const bytes = new Uint8Array(MEGABYTE);
  const stalled = Promise.withResolvers<void>();
  let count = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ended = (async () => {
    try {
      while (count < TOO_MUCH) {
        timer = setTimeout(stalled.resolve, STILL);
        count += await conn.write(bytes);
        clearTimeout(timer);
      }
    } catch {
      // The other side was closed, as it should be.
    } finally {
      clearTimeout(timer);
      stalled.resolve();
    }
  })();
  return {
    get count() {
      return count;
    },
    stalled: stalled.promise,
    ended,
  };
}

Deno.test("socks5() holds the client back when the target never reads, and ends it when the target leaves", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  const writer = flood(conn);
  await writer.stalled;
  assert(writer.count < TOO_MUCH, `${writer.count} bytes were swallowed`);
  (await target.accepted).close();
  await within(5_000, writer.ended);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals([record!.result, record!.endedFirst], ["cut", "target"]);
  assert(record!.sent > 0 && record!.sent <= writer.count);
  assertEquals(record!.received, 0);
});

Deno.test("socks5() holds the target back when the client never reads, and ends it when the client leaves", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy();
  const conn = await openTunnel(proxy, target.addr);
  const writer = flood(await target.accepted);
  await writer.stalled;
  assert(writer.count < TOO_MUCH, `${writer.count} bytes were swallowed`);
  conn.close();
  await within(5_000, writer.ended);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals([record!.result, record!.endedFirst], ["ok", "client"]);
  assert(record!.received > 0 && record!.received <= writer.count);
  assertEquals(record!.sent, 0);
});

Deno.test("socks5() ends both sides when the target never reads for the idle time", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy({ timeouts: { idle: 500 } });
  using conn = await openTunnel(proxy, target.addr);
  const writer = flood(conn);
  await within(10_000, writer.ended);
  assert(writer.count < TOO_MUCH, `${writer.count} bytes were swallowed`);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals(record!.result, "cut");
  assertStringIncludes(record!.reason, "Idle time of 0.5 s");
  const arrived = await within(5_000, readToEnd(await target.accepted));
  assert(arrived.length <= record!.sent);
});

Deno.test("socks5() ends a tunnel whose target never reads when it is shut down", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, target.addr);
  const writer = flood(conn);
  await writer.stalled;
  assertEquals(await within(5_000, proxy.proxy.shutdown(0)), 1);
  await within(5_000, writer.ended);
});

Deno.test("socks5() ends the target when the client resets", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy();
  const socket = await connectResettable(proxy.addr);
  const replied = once(socket, "data");
  socket.write(dialogue("127.0.0.1", target.addr.port));
  await replied;
  const accepted = await target.accepted;
  socket.write(Uint8Array.of(1, 2));
  assertBytes(await within(5_000, readExactly(accepted, 2)), [1, 2]);
  socket.resetAndDestroy();
  assertBytes(await within(5_000, readToEnd(accepted)), []);
  const [record] = await within(5_000, proxy.whenEnded(1));
  const { result, reason, endedFirst, sent, received } = record!;
  assertEquals({ result, reason, endedFirst, sent, received }, {
    result: "cut",
    reason: "client: connection reset",
    endedFirst: "client",
    sent: 2,
    received: 0,
  });
});

Deno.test("socks5() ends the client when the target resets", async () => {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.resetAndDestroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  await using proxy = await startTestProxy();
  using conn = await openTunnel(proxy, { hostname: "127.0.0.1", port });
  await writeAll(conn, [1, 2]);
  assertBytes(await within(5_000, readToEnd(conn)), []);
  const [record] = await within(5_000, proxy.whenEnded(1));
  const { result, reason, endedFirst, sent, received } = record!;
  assertEquals({ result, reason, endedFirst, sent, received }, {
    result: "cut",
    reason: "target: connection reset",
    endedFirst: "target",
    sent: 2,
    received: 0,
  });
  server.close();
  await once(server, "close");
});

Deno.test("socks5() ends the target when the client resets after its end of file", async () => {
  await using target = startHeld();
  await using proxy = await startTestProxy();
  const conn = await openTunnel(proxy, target.addr);
  const accepted = await target.accepted;
  await conn.closeWrite();
  assertEquals(await within(5_000, accepted.read(new Uint8Array(1))), null);
  await writeAll(accepted, [1, 2]);
  assertBytes(await readExactly(conn, 1), [1]);
  conn.close(); // With a byte unread after our FIN, which makes it a reset.
  // The proxy learns of it when it next writes; so the target goes on.
  const writer = flood(accepted);
  await within(5_000, writer.ended);
  assert(writer.count < TOO_MUCH, `${writer.count} bytes were swallowed`);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals([record!.result, record!.endedFirst], ["ok", "client"]);
});
