import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
} from "@std/assert";
import { chargenBlock } from "../../lib/echo/chargen.ts";
import { eventually } from "../support/dialogue.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { connectResettable } from "../support/reset.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";
import { untilStill } from "../support/time.ts";

/** Bytes after which the pattern begins again. */
const PERIOD = 2 ** 16;

const PATTERN = new Uint8Array(PERIOD).map((_, n) => n % 256 ^ n >> 8);

/** Every byte value, repeated. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += PERIOD) {
    bytes.set(PATTERN.subarray(0, length - at), at);
  }
  return bytes;
}

/** Sends all bytes, half-closes, and returns the answer. */
async function exchange(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const sending = writeAll(conn, bytes).then(() => conn.closeWrite());
  const [back] = await within(
    20_000,
    Promise.all([readToEnd(conn), sending.catch(() => {})]),
  );
  return back;
}

Deno.test("echo() sends back every byte, and ends after the client", async () => {
  await using echo = await startTestEcho();
  for (const length of [0, 1, 5_000, 3_000_000]) {
    using conn = await echo.connect();
    const bytes = pattern(length);
    assertEquals(await exchange(conn, bytes), bytes);
  }
  const ended = await within(5_000, echo.whenEnded(4));
  const last = ended.at(-1)!;
  assertEquals(last.protocol, "echo");
  assertEquals(last.result, "ok");
  assertEquals(last.endedFirst, "client");
  assertEquals(last.reason, "client closed first");
  assertEquals([last.sent, last.received], [3_000_000, 3_000_000]);
});

Deno.test("echo() answers immediately, before the client's end", async () => {
  await using echo = await startTestEcho();
  using conn = await echo.connect();
  for (const text of ["a", "bc", "def"]) {
    await writeAll(conn, text);
    const back = await within(5_000, readExactly(conn, text.length));
    assertEquals(new TextDecoder().decode(back), text);
  }
});

Deno.test("echo() waits for a client that does not read, and loses no byte", async () => {
  await using echo = await startTestEcho();
  using conn = await echo.connect();
  const most = 48_000_000; // More than four system buffers and Sluice's.
  let sent = 0;
  let isStuck = false;
  const sending = (async () => {
    while (sent < most && !isStuck) {
      sent += await conn.write(PATTERN.subarray(sent % PERIOD));
    }
    await conn.closeWrite();
  })();
  // The client keeps the bytes beyond the system's buffers.
  await untilStill(() => sent);
  assertGreater(most, sent);
  isStuck = true;
  const back = await within(20_000, readToEnd(conn));
  await sending;
  assertEquals(back.length, sent);
  assert(back.every((byte, index) => byte === PATTERN[index % PERIOD]));
});

Deno.test("echo() delays each answer and keeps the order", async () => {
  await using echo = await startTestEcho({ delay: 150 });
  using conn = await echo.connect();
  const start = performance.now();
  await writeAll(conn, "a");
  await within(5_000, readExactly(conn, 1));
  assertGreater(performance.now() - start, 148);
  // The bytes beyond the megabyte that is held arrive later.
  const bytes = pattern(2_500_000);
  const back = await exchange(conn, bytes);
  assertEquals(back, bytes);
});

Deno.test("echo() writes no more than a chunk at a time", async () => {
  await using echo = await startTestEcho({ chunk: 3 });
  using conn = await echo.connect();
  assertEquals(await exchange(conn, pattern(1_000)), pattern(1_000));
  const [record] = await within(5_000, echo.whenEnded(1));
  assertEquals(record!.received, 1_000);
});

Deno.test("echo() closes cleanly after the given number of bytes", async () => {
  for (const closeAfter of [0, 1, 1_000]) {
    await using echo = await startTestEcho({ closeAfter });
    using conn = await echo.connect();
    // The client's further bytes must not cause a reset that destroys the
    // answer.
    const back = await exchange(conn, pattern(200_000));
    assertEquals(back, pattern(closeAfter));
    const [record] = await within(5_000, echo.whenEnded(1));
    assertEquals(record!.endedFirst, "target");
    assertEquals(record!.result, "ok");
    assertEquals(record!.received, closeAfter);
  }
});

Deno.test("echo() resets after the given number of bytes has arrived", async () => {
  for (const resetAfter of [0, 1, 1_000]) {
    await using echo = await startTestEcho({ resetAfter });
    let count = 0;
    await assertRejects(async () => {
      using conn = await echo.connect();
      await writeAll(conn, pattern(1_000));
      const buffer = new Uint8Array(2_000);
      for (let more; (more = await conn.read(buffer)) !== null;) count += more;
    }, Deno.errors.ConnectionReset);
    if (resetAfter > 0) assertEquals(count, resetAfter);
    const [record] = await within(5_000, echo.whenEnded(1));
    assertEquals(record!.result, "cut");
    assertEquals(
      record!.reason,
      `target closed first: Reset after ${resetAfter} bytes, as asked`,
    );
  }
});

Deno.test("echo() echoes until the reset", async () => {
  await using echo = await startTestEcho({ resetAfter: 10_000_000 });
  using conn = await echo.connect();
  const bytes = pattern(3_000_000);
  assertEquals(await exchange(conn, bytes), bytes);
});

Deno.test("echo() answers nothing in discard mode", async () => {
  await using echo = await startTestEcho({ mode: "discard" });
  using conn = await echo.connect();
  assertEquals((await exchange(conn, pattern(2_000_000))).length, 0);
  const [record] = await within(5_000, echo.whenEnded(1));
  assertEquals(record!.protocol, "discard");
  assertEquals([record!.sent, record!.received], [2_000_000, 0]);
});

Deno.test("echo() closes after the given number of discarded bytes", async () => {
  await using echo = await startTestEcho({ mode: "discard", closeAfter: 10 });
  using conn = await echo.connect();
  await writeAll(conn, pattern(10));
  assertEquals((await within(5_000, readToEnd(conn))).length, 0);
});

Deno.test("echo() generates characters until the client's end", async () => {
  await using echo = await startTestEcho({ mode: "chargen" });
  using conn = await echo.connect();
  const block = chargenBlock();
  for (let round = 0; round < 3; round++) {
    assertEquals(await within(5_000, readExactly(conn, block.length)), block);
  }
  await writeAll(conn, "ignored");
  await conn.closeWrite();
  await within(5_000, readToEnd(conn));
  const [record] = await within(5_000, echo.whenEnded(1));
  assertEquals(record!.result, "ok");
  assertEquals(record!.endedFirst, "client");
  assertEquals(record!.sent, 7);
});

Deno.test("echo() generates the given number of characters, even for a half-closed client", async () => {
  const closeAfter = 1_000_000;
  await using echo = await startTestEcho({ mode: "chargen", closeAfter });
  using conn = await echo.connect();
  const back = await exchange(conn, new Uint8Array());
  const block = chargenBlock();
  assertEquals(back.length, closeAfter);
  assert(back.every((byte, index) => byte === block[index % block.length]));
});

Deno.test("echo() reports a client's reset", async () => {
  for (const mode of ["echo", "discard", "chargen"] as const) {
    await using echo = await startTestEcho({ mode });
    const socket = await connectResettable({
      hostname: "127.0.0.1",
      port: echo.port,
    });
    // A reset before that would reach nobody.
    assert(await eventually(() => echo.server.connections === 1));
    socket.resetAndDestroy();
    const [record] = await within(5_000, echo.whenEnded(1));
    assertEquals(record!.result, "cut");
    assertEquals(record!.endedFirst, "client");
  }
});

Deno.test("echo() ends an idle connection", async () => {
  await using echo = await startTestEcho({ idleTimeout: 80 });
  using conn = await echo.connect();
  await within(5_000, readToEnd(conn));
  const [record] = await within(5_000, echo.whenEnded(1));
  assertEquals(record!.result, "cut");
  assertEquals(record!.reason, "Idle time of 0.08 s has passed");
});

Deno.test("echo() refuses a client over the limit, with a clean end", async () => {
  await using echo = await startTestEcho({ maxConnectionsPerClient: 1 });
  using first = await echo.connect();
  await writeAll(first, "a");
  await within(5_000, readExactly(first, 1));
  using second = await echo.connect();
  assertEquals(await within(5_000, second.read(new Uint8Array(1))), null);
  second.close();
  const [record] = await within(5_000, echo.whenEnded(1));
  assertEquals(record!.result, "refused");
});

Deno.test("echo() returns all bytes on their way in a drain, then closes cleanly", async () => {
  for (const delay of [0, 600]) {
    await using echo = await startTestEcho({ delay });
    using idle = await echo.connect();
    using conn = await echo.connect();
    const bytes = pattern(300_000);
    await writeAll(conn, bytes);
    const stopped = echo.server.shutdown(30_000);
    // Neither reset nor cut: all bytes, then the end.
    const buffer = new Uint8Array(bytes.length);
    let count = 0;
    while (true) {
      const more = await within(5_000, conn.read(buffer.subarray(count)));
      if (more === null || count + more === bytes.length) {
        count += more ?? 0;
        break;
      }
      count += more;
    }
    assertEquals(count, bytes.length);
    assertEquals(buffer, bytes);
    assertEquals(await within(5_000, conn.read(new Uint8Array(1))), null);
    assertEquals(await within(5_000, idle.read(new Uint8Array(1))), null);
    conn.close();
    idle.close();
    assertEquals(await within(5_000, stopped), 0);
    for (const { result, endedFirst } of await echo.whenEnded(2)) {
      assertEquals([result, endedFirst], ["ok", "target"]);
    }
  }
});

Deno.test("echo() ends a drain while a client stays, and endless text immediately", async () => {
  for (const mode of ["echo", "chargen"] as const) {
    await using echo = await startTestEcho({ mode });
    using conn = await echo.connect();
    await writeAll(conn, "a");
    await within(5_000, readExactly(conn, 1));
    const stopped = echo.server.shutdown(30_000);
    const [cut] = await within(
      10_000,
      Promise.all([stopped, mode === "chargen" ? readToEnd(conn) : undefined]),
    );
    assertEquals(cut, 0);
  }
});

Deno.test("echo() cuts a client that does not read at the end of the drain", async () => {
  await using echo = await startTestEcho();
  using conn = await echo.connect();
  const sending = writeAll(conn, pattern(20_000_000)).catch(() => {});
  await within(5_000, readExactly(conn, 1));
  assertEquals(await within(10_000, echo.server.shutdown(600)), 1);
  await sending;
});
