import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import {
  fuzzMilliseconds,
  fuzzRandom,
  mutate,
  noise,
  pick,
} from "../support/fuzz.ts";
import { connectRequest, GREETING, readReply } from "../support/proxy.ts";
import {
  type ProxyProcess,
  startProxyProcess,
} from "../support/proxy_process.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

/** Dialogues, however long they take on a busy machine. */
const LEAST = 50;

const AT_ONCE = 16;

/** One whole dialogue of each protocol, with the echo server as its target. */
function dialogues(port: number): Uint8Array[] {
  const high = port >> 8;
  const low = port & 0xff;
  const encode = (value: string) => new TextEncoder().encode(value);
  const at = `127.0.0.1:${port}`;
  return [
    Uint8Array.from([...GREETING, ...connectRequest("127.0.0.1", port), 1, 2]),
    Uint8Array.from([...GREETING, 5, 2, 0, 1, 127, 0, 0, 1, high, low]),
    Uint8Array.from([...GREETING, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0]),
    Uint8Array.from([4, 1, high, low, 127, 0, 0, 1, 97, 0, 1, 2]),
    Uint8Array.from([
      4,
      1,
      high,
      low,
      0,
      0,
      0,
      1,
      0,
      ...encode("localhost"),
      0,
    ]),
    Uint8Array.from([4, 2, high, low, 127, 0, 0, 1, 0]),
    encode(`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\nabc`),
    encode(`GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`),
    encode(
      `POST http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    ),
  ];
}

/** A good client is served at once. */
async function assertServes(proxy: ProxyProcess, port: number): Promise<void> {
  using conn = await proxy.connect();
  await writeAll(conn, [...GREETING, ...connectRequest("127.0.0.1", port), 7]);
  await within(5_000, readExactly(conn, 2));
  assertEquals((await within(5_000, readReply(conn))).reply, 0);
  assertEquals(await within(5_000, readExactly(conn, 1)), new Uint8Array([7]));
}

Deno.test({
  name: "one port survives random and mutated dialogues of every protocol",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const random = fuzzRandom(0xf00d);
    await using echo = startEcho();
    await using proxy = await startProxyProcess({
      bindTimeout: 300,
      udp: { idleTimeout: 300 },
      timeouts: { handshake: 300, connect: 300, idle: 300, halfClose: 100 },
    });
    const seeds = dialogues(echo.addr.port);
    await assertServes(proxy, echo.addr.port);
    const end = performance.now() + fuzzMilliseconds();
    let count = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (count < LEAST || performance.now() < end) {
        const said = random() < 0.2
          ? noise(random)
          : mutate(pick(seeds, random), random);
        using conn = await proxy.connect();
        await writeAll(conn, said).catch(() => {});
        // Some leave as people do, some half, some wait to be thrown out.
        if (random() < 0.6) await conn.closeWrite().catch(() => {});
        await within(5_000, readToEnd(conn));
        count++;
      }
    }));
    await assertServes(proxy, echo.addr.port);
    const back = await eventually(() => proxy.sockets() === 1);
    assert(back, `${proxy.sockets()} sockets are open`);
    assertEquals(proxy.messages, []);
    assertEquals(await proxy.stop(), 0);
  },
});
