import { assertEquals } from "@std/assert";
import { handlerOf } from "../../lib/serve/connection.ts";
import type { Protocol } from "../../lib/serve/connection.ts";
import type { ConnectionEvent, LogEvent } from "../../lib/observe/log_event.ts";
import { ConnectionLimits } from "../../lib/policy/limits/connection_limits.ts";
import { Refusal } from "../../lib/policy/limits/refusal.ts";
import { Context } from "../../lib/sync/context.ts";
import { assertBytes, readToEof } from "../support/dialogue.ts";
import { testServices } from "../support/services.ts";
import { readToEnd, socketPair, within } from "../support/sockets.ts";

interface Handled extends Disposable {
  /** The client's end. */
  conn: Deno.TcpConn;
  context: Context;
  draining: Context;
  limits: ConnectionLimits;
  /** Its record, at the end. */
  record: Promise<ConnectionEvent>;
}

/** Handles one connection with a protocol of the test's. */
async function handle(protocol: Protocol, handshake = 0): Promise<Handled> {
  const [conn, accepted] = await socketPair();
  const context = new Context();
  const draining = new Context();
  const limits = new ConnectionLimits(1);
  const logged: LogEvent[] = [];
  const handling = handlerOf(
    protocol,
    testServices({
      limits,
      timeouts: { handshake, connect: 0, idle: 0, halfClose: 0 },
      log: (event) => logged.push(event),
    }),
  )(accepted, context, draining);
  return {
    conn,
    context,
    draining,
    limits,
    record: handling.then(() => {
      assertEquals(logged.length, 1);
      return logged[0] as ConnectionEvent;
    }),
    [Symbol.dispose]: () => conn.close(),
  };
}

Deno.test("handlerOf() sends the refusal, closes and logs when the protocol throws", async () => {
  let record;
  {
    using handled = await handle((session) => {
      session.refusals = {
        encode: (error) => new TextEncoder().encode((error as Refusal).kind),
      };
      throw new Refusal("forbidden", "Not on Sundays");
    });
    const answer = await within(5_000, readToEof(handled.conn));
    assertEquals(new TextDecoder().decode(answer), "forbidden");
    assertEquals(handled.limits.total, 1);
    handled.conn.closeWrite();
    record = await within(5_000, handled.record);
    assertEquals(handled.limits.total, 0);
  }
  assertEquals([record.result, record.reason], ["refused", "Not on Sundays"]);
});

Deno.test("handlerOf() closes without a word when the protocol has no refusal", async () => {
  using handled = await handle(() => {
    throw new TypeError("A mistake of ours");
  });
  assertBytes(await within(5_000, readToEof(handled.conn)), []);
  await handled.conn.closeWrite();
  const { result, reason } = await within(5_000, handled.record);
  assertEquals([result, reason], [
    "dropped",
    "A mistake of ours, after 0 bytes of the handshake",
  ]);
});

Deno.test("handlerOf() does not refuse a client that has an answer", async () => {
  using handled = await handle(async (session) => {
    session.refusals = { encode: () => Uint8Array.of(1) };
    await session.answer(Uint8Array.of(7));
    throw new Refusal("forbidden", "Too late");
  });
  assertBytes(await within(5_000, readToEof(handled.conn)), [7]);
  handled.conn.closeWrite();
  const { result, reason } = await within(5_000, handled.record);
  assertEquals([result, reason], ["refused", "Too late"]);
});

Deno.test("handlerOf() sends no answer when the client is gone", async () => {
  using handled = await handle(async (session) => {
    session.refusals = { encode: () => Uint8Array.of(1) };
    await session.reader.readExact(2);
    throw new Error("Not reached");
  });
  await handled.conn.write(Uint8Array.of(1));
  await handled.conn.closeWrite();
  assertBytes(await within(5_000, readToEof(handled.conn)), []);
  const { result, reason } = await within(5_000, handled.record);
  assertEquals([result, reason], [
    "dropped",
    "client closed, after 1 bytes of the handshake",
  ]);
});

Deno.test("handlerOf() ends with the reason when it is cancelled", async () => {
  using handled = await handle(async (session) => {
    await session.reader.readExact(1);
    throw new Error("Not reached");
  });
  handled.context.cancel(new Error("Enough"));
  assertBytes(await within(5_000, readToEnd(handled.conn)), []);
  const { result, reason } = await within(5_000, handled.record);
  assertEquals([result, reason], [
    "dropped",
    "Enough, after 0 bytes of the handshake",
  ]);
});

Deno.test("handlerOf() ends a client that has sent nothing when a drain begins", async () => {
  using handled = await handle(async (session) => {
    await session.reader.readExact(1);
    throw new Error("Not reached");
  });
  handled.draining.cancel(new Error("Drain"));
  assertBytes(await within(5_000, readToEnd(handled.conn)), []);
  const { reason } = await within(5_000, handled.record);
  assertEquals(reason, "Drain, after 0 bytes of the handshake");
});

Deno.test("handlerOf() cuts a refused client that goes on sending", async () => {
  using handled = await handle((session) => {
    session.refusals = { encode: () => Uint8Array.of(1) };
    throw new Refusal("forbidden", "No");
  }, 60_000);
  const bytes = new Uint8Array(100_000);
  let sent = 0;
  const sending = (async () => {
    while (sent < 400_000_000) sent += await handled.conn.write(bytes);
  })().catch(() => {});
  await within(5_000, handled.record);
  await within(5_000, sending);
  assertEquals(sent < 400_000_000, true);
});

Deno.test("handlerOf() says that the client went when the target was there", async () => {
  using handled = await handle((session) => {
    session.record.target = "example.com:80";
    session.record.address = "192.0.2.1:80";
    throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
  });
  await handled.conn.closeWrite();
  const { result, reason } = await within(5_000, handled.record);
  assertEquals([result, reason], [
    "cut",
    "client: connection closed while written to",
  ]);
});
