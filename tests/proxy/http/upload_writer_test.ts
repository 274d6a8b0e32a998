import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pattern, sha256 } from "../../support/dialogue.ts";
import { startTestProxy } from "../../support/proxy.ts";
import { connectResettable } from "../../support/reset.ts";
import {
  readExactly,
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { pass } from "../../support/time.ts";

const decoder = new TextDecoder("latin1");

/** More than the buffers of four sockets and the proxy. */
const BODY = pattern(64_000_000);

/** The limits are those of a day: nothing here may wait for them. */
const PATIENT = { timeouts: { idle: 86_400_000, halfClose: 86_400_000 } };

function post({ addr }: { addr: Deno.NetAddr }, ...fields: string[]): string {
  const at = `127.0.0.1:${addr.port}`;
  const lines = [`POST http://${at}/ HTTP/1.1`, `Host: ${at}`, ...fields];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Counts how often a piece of the body is taken, and waits for a pause. */
class Sender {
  taken = 0;

  /** Sends so much of the body; ends early where the connection does. */
  async send(conn: Deno.Conn, length: number): Promise<void> {
    while (this.taken < length) {
      const end = Math.min(length, this.taken + 64 * 1024);
      this.taken += await conn.write(BODY.subarray(this.taken, end));
    }
  }

  /** Waits until nothing was taken for a time. */
  async whenStalled(milliseconds: number): Promise<void> {
    await whenStill(() => this.taken, milliseconds);
  }
}

/** Waits until a number has not changed for a time. */
async function whenStill(
  value: () => number,
  milliseconds: number,
): Promise<void> {
  let seen = value();
  let since = performance.now();
  while (performance.now() - since < milliseconds) {
    await pass(20);
    if (value() === seen) continue;
    seen = value();
    since = performance.now();
  }
}

/** What two sockets take when their other end does not read. */
async function measureStall(): Promise<number> {
  const left = Promise.withResolvers<void>();
  await using origin = startServer(() => left.promise);
  const { hostname, port } = origin.addr;
  const conn = await Deno.connect({ hostname, port });
  const sender = new Sender();
  const sending = sender.send(conn, BODY.length).catch(() => {});
  await sender.whenStalled(300);
  conn.close();
  left.resolve();
  await sending;
  return sender.taken;
}

Deno.test("UploadWriter sees that the client resets when the origin takes nothing", async () => {
  const ended = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  await using origin = startServer(async (conn) => {
    await left.promise;
    await readToEnd(conn);
    ended.resolve();
  });
  await using proxy = await startTestProxy(PATIENT);
  const socket = await connectResettable(proxy.addr);
  socket.write(post(origin, `Content-Length: ${BODY.length}`));
  // Most of it stays in the library's queue, which a reset throws away.
  for (let at = 0; at < BODY.length; at += 64_000) {
    socket.write(BODY.subarray(at, at + 64_000));
  }
  await whenStill(() => socket.writableLength, 300);
  assert(socket.writableLength > 0);
  socket.resetAndDestroy();
  const [record] = await within(5_000, proxy.whenEnded(1));
  const { result, reason } = record!;
  assertEquals([result, reason], ["cut", "client: connection reset"]);
  left.resolve();
  await within(5_000, ended.promise);
});

for (
  const [name, field, prefix] of [
    ["Content-Length", "Content-Length: 64000000", ""],
    ["chunked", "Transfer-Encoding: chunked", "3D09000\r\n"],
  ] as const
) {
  Deno.test(`UploadWriter sees that the client closes within a ${name} body when the origin takes nothing`, async () => {
    const size = await measureStall() + 512 * 1024;
    const left = Promise.withResolvers<void>();
    await using origin = startServer(() => left.promise);
    await using proxy = await startTestProxy(PATIENT);
    const conn = await proxy.connect();
    await writeAll(conn, post(origin, field) + prefix);
    await new Sender().send(conn, size);
    conn.close();
    const [record] = await within(5_000, proxy.whenEnded(1));
    const { result, reason } = record!;
    assertEquals([result, reason], ["cut", "client closed"]);
    left.resolve();
  });
}

Deno.test("UploadWriter lets a client half-close behind its body when the origin takes nothing", async () => {
  const body = BODY.subarray(0, await measureStall() + 512 * 1024);
  const sent = Promise.withResolvers<void>();
  let got: Uint8Array<ArrayBuffer> | undefined;
  await using origin = startServer(async (conn) => {
    let head = "";
    while (!head.endsWith("\r\n\r\n")) {
      head += decoder.decode(await readExactly(conn, 1));
    }
    await sent.promise;
    got = await readExactly(conn, body.length);
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  await using proxy = await startTestProxy(PATIENT);
  using conn = await proxy.connect();
  await writeAll(conn, post(origin, `Content-Length: ${body.length}`));
  const sender = new Sender();
  await sender.send(conn, body.length);
  await conn.closeWrite();
  await sender.whenStalled(1_200); // Long enough to be looked at twice.
  sent.resolve();
  const text = decoder.decode(await within(5_000, readToEnd(conn)));
  assertStringIncludes(text, "200 OK");
  assertEquals(await sha256(got!), await sha256(body));
});

Deno.test("UploadWriter carries a body whole over a pause of the origin, and the next request behind it", async () => {
  const resume = Promise.withResolvers<void>();
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  await using origin = startServer(async (conn) => {
    for (const length of [BODY.length, 5]) {
      let head = "";
      while (!head.endsWith("\r\n\r\n")) {
        head += decoder.decode(await readExactly(conn, 1));
      }
      await resume.promise;
      bodies.push(await readExactly(conn, length));
      await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  await using proxy = await startTestProxy(PATIENT);
  using conn = await proxy.connect();
  await writeAll(conn, post(origin, `Content-Length: ${BODY.length}`));
  const sender = new Sender();
  const sending = sender.send(conn, BODY.length);
  await sender.whenStalled(1_200); // Long enough to be looked at twice.
  assert(sender.taken < BODY.length);
  resume.resolve();
  await within(10_000, sending);
  const close = "Connection: close";
  await writeAll(conn, post(origin, "Content-Length: 5", close) + "after");
  const text = decoder.decode(await within(5_000, readToEnd(conn)));
  assertEquals(text.match(/200 OK/g)?.length, 2);
  assertEquals(await sha256(bodies[0]!), await sha256(BODY));
  assertEquals(decoder.decode(bodies[1]), "after");
});
