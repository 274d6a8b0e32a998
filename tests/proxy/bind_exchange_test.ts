import { assertEquals } from "@std/assert";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { BIND_FORMS, connectTo, SOCKS5, startBind } from "../support/bind.ts";
import {
  assertBytes,
  HAS_IPV6,
  join,
  pattern,
  readToEof,
  sha256,
} from "../support/dialogue.ts";
import { assertFree } from "../support/free_port.ts";
import { openTunnel, startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

for (const form of BIND_FORMS) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test(`bind() ${name} with ${form.name}`, fn);

  test("carries a file as FTP does in active mode", async () => {
    const file = pattern(300_000);
    await using server = startFtpServer(file);
    await using proxy = await startTestProxy();
    using control = await openTunnel(proxy, server.addr);
    using data = await startBind(proxy, form, "127.0.0.1", 20);
    const { hostname, port } = data.bound;
    const numbers = [...hostname.split("."), port >> 8, port & 0xff];
    await writeAll(control, `PORT ${numbers.join()}\r\n`);
    await form.readBound(data.conn);
    const received = await within(5_000, readToEof(data.conn));
    assertEquals(await sha256(received), await sha256(file));
  });

  test("names first where it listens, then who has come", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    assertEquals(waiting.bound.hostname, "127.0.0.1");
    using peer = await connectTo(waiting.bound);
    const { hostname, port } = await form.readBound(waiting.conn);
    const local = peer.localAddr as Deno.NetAddr;
    assertEquals([hostname, port], [local.hostname, local.port]);
  });

  test("keeps what the peer says first", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    using peer = await connectTo(waiting.bound);
    await writeAll(peer, "220 first");
    await peer.closeWrite();
    await form.readBound(waiting.conn);
    assertEquals(
      text(await within(5_000, readToEof(waiting.conn))),
      "220 first",
    );
  });

  test("keeps what the client says before its peer has come", async () => {
    await using proxy = await startTestProxy();
    using conn = await proxy.connect();
    await writeAll(conn, join(form.say("127.0.0.1", 20), [1, 2, 3]));
    await readExactly(conn, form.hear.length);
    const bound = await form.readBound(conn);
    await writeAll(conn, [4, 5]);
    using peer = await connectTo(bound);
    await form.readBound(conn);
    await writeAll(conn, [6]);
    await conn.closeWrite();
    assertBytes(await within(5_000, readToEof(peer)), [1, 2, 3, 4, 5, 6]);
    await peer.closeWrite();
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals([record!.sent, record!.received], [6, 0]);
  });

  for (const first of ["client", "peer"] as const) {
    test(`carries on in one direction when the ${first} has ended`, async () => {
      await using proxy = await startTestProxy();
      using waiting = await startBind(proxy, form);
      using peer = await connectTo(waiting.bound);
      await form.readBound(waiting.conn);
      const ends = [waiting.conn, peer];
      const [early, late] = first === "client" ? ends : ends.reverse();
      await writeAll(early!, "bye");
      await early!.closeWrite();
      assertEquals(text(await within(5_000, readToEof(late!))), "bye");
      await writeAll(late!, "and more");
      await late!.closeWrite();
      assertEquals(text(await within(5_000, readToEof(early!))), "and more");
      const [record] = await within(5_000, proxy.whenEnded(1));
      assertEquals(record!.endedFirst, first === "client" ? first : "target");
    });
  }

  test("takes one peer and frees the port for it", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    using peer = await connectTo(waiting.bound);
    await form.readBound(waiting.conn);
    assertFree(waiting.bound);
    await writeAll(peer, [7]);
    assertBytes(await within(5_000, readExactly(waiting.conn, 1)), [7]);
  });

  test("logs whom it has waited for and who has come", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form, "localhost", 2020);
    using peer = await connectTo(waiting.bound);
    await form.readBound(waiting.conn);
    await writeAll(peer, "four");
    await peer.closeWrite();
    await within(5_000, readToEof(waiting.conn));
    await waiting.conn.closeWrite();
    const [record] = await within(5_000, proxy.whenEnded(1));
    const { startedAt: _, duration: __, client: ___, listener: ____, ...rest } =
      record!;
    const local = peer.localAddr as Deno.NetAddr;
    assertEquals<Partial<ConnectionEvent>>(rest, {
      event: "connection",
      protocol: form === SOCKS5 ? "socks5" : "socks4a",
      command: "bind",
      target: "localhost:2020",
      address: `127.0.0.1:${local.port}`,
      sent: 0,
      received: 4,
      endedFirst: "target",
      result: "ok",
      code: "target-closed",
      reason: "target closed first",
    });
  });

  test("tells an IPv4 client of a listener for both families IPv4 addresses", async () => {
    await using proxy = await startTestProxy({
      listen: [{ host: "::", port: 0 }],
      open: true,
      allowPrivate: true,
    });
    const { port } = proxy.addr;
    using waiting = await startBind(
      { ...proxy, connect: () => Deno.connect({ port }) },
      form,
    );
    assertEquals(waiting.bound.hostname, "127.0.0.1");
    using _peer = await connectTo(waiting.bound);
    const { hostname } = await form.readBound(waiting.conn);
    assertEquals(hostname, "127.0.0.1");
  });
}

Deno.test({
  name: "bind() waits over IPv6 for a client that came over IPv6",
  ignore: !HAS_IPV6,
  async fn() {
    await using proxy = await startTestProxy({
      listen: [{ host: "::1", port: 0 }],
    });
    using waiting = await startBind(proxy, SOCKS5, "::1");
    assertEquals(waiting.bound.hostname, "::1");
    using peer = await connectTo(waiting.bound);
    const { hostname } = await SOCKS5.readBound(waiting.conn);
    assertEquals(hostname, "::1");
    await writeAll(peer, [1]);
    assertBytes(await within(5_000, readExactly(waiting.conn, 1)), [1]);
    assertFree(waiting.bound);
  },
});

/** Sends a file to where `PORT` tells it to. */
function startFtpServer(file: Uint8Array) {
  return startServer(async (control) => {
    let line = "";
    while (!line.endsWith("\r\n")) line += text(await readExactly(control, 1));
    const numbers = line.slice("PORT ".length).split(",").map(Number);
    using data = await Deno.connect({
      hostname: numbers.slice(0, 4).join("."),
      port: numbers[4]! << 8 | numbers[5]!,
    });
    await writeAll(data, file);
    await data.closeWrite();
    await readToEof(data);
  });
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
