import { assertEquals } from "@std/assert";
import { once } from "node:events";
import net from "node:net";
import {
  BIND_FORMS,
  connectTo,
  startBind,
  type Waiting,
} from "../support/bind.ts";
import { assertBytes, exchange, join } from "../support/dialogue.ts";
import { assertFree } from "../support/free_port.ts";
import { startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";

/** A listener that others than this machine can reach. */
const PUBLIC = { listen: [{ host: "0.0.0.0", port: 0 }], open: true };

for (const form of BIND_FORMS) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({
      name: `bind() ${name} with ${form.name}`,
      // Elsewhere 127.0.0.1 is all that there is of 127.0.0.0/8.
      ignore: Deno.build.os !== "linux",
      fn,
    });

  test("drops whoever was not asked for and goes on waiting", async () => {
    await using proxy = await startTestProxy();
    for (const host of ["127.0.0.1", "localhost"]) {
      using waiting = await startBind(proxy, form, host);
      for (let n = 0; n < 3; n++) {
        const stranger = connectFrom("127.0.0.2", waiting.bound);
        await within(5_000, once(stranger, "close"));
      }
      using peer = await connectTo(waiting.bound);
      await form.readBound(waiting.conn);
      await assertJoined(waiting, peer);
    }
  });

  test("takes anyone for 0.0.0.0", async () => {
    await using proxy = await startTestProxy();
    for (const hostname of ["127.0.0.1", "127.0.0.2"]) {
      using waiting = await startBind(proxy, form, "0.0.0.0", 0);
      const peer = connectFrom(hostname, waiting.bound);
      const named = await form.readBound(waiting.conn);
      assertEquals(named.hostname, hostname);
      peer.destroy();
    }
  });

  test("closes a second peer that has come at the same time", async () => {
    await using proxy = await startTestProxy();
    using waiting = await startBind(proxy, form);
    const [first, second] = await Promise.allSettled([
      connectTo(waiting.bound),
      connectTo(waiting.bound),
    ]);
    const peers = [first, second].flatMap((result) =>
      result.status === "fulfilled" ? result.value : []
    );
    const named = await form.readBound(waiting.conn);
    for (const peer of peers) {
      using _closing = peer;
      const { port } = peer.localAddr as Deno.NetAddr;
      if (port === named.port) await assertJoined(waiting, peer);
      else assertBytes(await within(5_000, readToEnd(peer)), []);
    }
  });

  test("serves fifty clients at once, each with its own peer", async () => {
    await using proxy = await startTestProxy();
    await Promise.all(Array.from({ length: 50 }, async () => {
      using waiting = await startBind(proxy, form);
      using peer = await connectTo(waiting.bound);
      await form.readBound(waiting.conn);
      await assertJoined(waiting, peer);
    }));
  });

  test("refuses to wait for this machine on a public listener", async () => {
    await using proxy = await startTestProxy(PUBLIC);
    for (const host of ["127.0.0.1", "localhost", "10.0.0.1"]) {
      const answer = await exchange(proxy, form.say(host, 20));
      assertBytes(answer, join(form.hear, form.refusal(2)));
    }
    const ended = await within(5_000, proxy.whenEnded(3));
    const reasons = ended.map(({ result, reason }) => [result, reason]);
    for (
      const [index, why] of [[0, "127.0.0.1 is loopback"], [
        2,
        "10.0.0.1 is private",
      ]] as const
    ) {
      const guarded =
        `Address ${why} (guard); a rule with 'to' that covers it would allow it`;
      assertEquals(reasons[index], ["refused", guarded]);
    }
  });

  test("drops this machine on a public listener although anyone may come", async () => {
    await using proxy = await startTestProxy(PUBLIC);
    using waiting = await startBind(proxy, form, "0.0.0.0");
    for (let n = 0; n < 3; n++) {
      using peer = await connectTo(waiting.bound);
      assertBytes(await within(5_000, readToEnd(peer)), []);
    }
    waiting.conn.close();
    await within(5_000, proxy.whenEnded(1));
    assertFree(waiting.bound);
  });

  test("takes this machine on a public listener where that is allowed", async () => {
    await using proxy = await startTestProxy({ ...PUBLIC, allowPrivate: true });
    using waiting = await startBind(proxy, form);
    using peer = await connectTo(waiting.bound);
    await form.readBound(waiting.conn);
    await assertJoined(waiting, peer);
  });
}

/** Connects from another address of this machine. */
function connectFrom(
  localAddress: string,
  { hostname, port }: Deno.NetAddr,
): net.Socket {
  const socket = net.connect({ host: hostname, port, localAddress });
  socket.on("error", () => {});
  return socket.resume();
}

/** Fails unless what each says is heard by the other. */
async function assertJoined(
  { conn }: Waiting,
  peer: Deno.TcpConn,
): Promise<void> {
  await Promise.all([writeAll(conn, [1, 2]), writeAll(peer, [3, 4])]);
  assertBytes(await within(5_000, readExactly(peer, 2)), [1, 2]);
  assertBytes(await within(5_000, readExactly(conn, 2)), [3, 4]);
}
