import { fuzzMilliseconds } from "../../support/fuzz.ts";
import { assert, assertEquals } from "@std/assert";
import { type Bytes, eventually } from "../../support/dialogue.ts";
import { startProxyProcess } from "../../support/proxy_process.ts";
import { seededRandom } from "../../support/random.ts";
import {
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

const AT_ONCE = 16;

const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.0 200 OK\r\n\r\nok",
  "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\nhello",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 X\r\n\r\n",
];

/** Pieces that matter to the parsers. */
const PIECES = [
  ..."\r\n,\r,\n,\r\n\r\n, ,:,\t,\0,0,5,f,;".split(","),
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\nUpgrade: x\r\n",
  "Expect: 100-continue\r\n",
  "HTTP/1.0",
];

/** Dialogues, however long they take. */
const LEAST = 50;

Deno.test({
  name: "http() survives random and mutated requests and answers",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const random = seededRandom(0x4774);
    await using origin = startServer(async (conn) => {
      const buffer = new Uint8Array(64 * 1024);
      while (await conn.read(buffer) !== null) {
        const answer = latin1(pick(ANSWERS, random));
        const isGood = random() < 0.7;
        await writeAll(conn, isGood ? answer : mutate(answer, random));
        if (random() < 0.3) return;
      }
    });
    await using proxy = await startProxyProcess({
      timeouts: { handshake: 300, connect: 300, idle: 300, halfClose: 100 },
    });
    const at = `127.0.0.1:${origin.addr.port}`;
    const head = `http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n`;
    const seeds = [
      `GET ${head}\r\n`,
      `HEAD ${head}\r\n`,
      `POST ${head}Content-Length: 5\r\n\r\nhello`,
      `POST ${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      `GET ${head}Connection: upgrade\r\nUpgrade: x\r\n\r\n`,
      `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\nhello`,
    ].map(latin1);
    const end = performance.now() + fuzzMilliseconds();
    let count = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      // A busy machine gives no excuse for fewer.
      while (count < LEAST || performance.now() < end) {
        count++;
        using conn = await proxy.connect();
        let said = mutate(pick(seeds, random), random);
        if (random() < 0.5) {
          said = latin1(text(pick(seeds, random)) + text(said));
        }
        const saying = writeAll(conn, said)
          .then(() => random() < 0.7 ? conn.closeWrite() : undefined)
          .catch(() => {}); // It may be refused before it has said all.
        const answer = text(await within(5_000, readToEnd(conn)));
        await saying;
        assert(answer === "" || answer.startsWith("HTTP/1.1 "), text(said));
        assert(!answer.startsWith("HTTP/1.1 500"), text(said));
      }
    }));
    const isBack = await eventually(() => proxy.sockets() === 1);
    assert(isBack, `${proxy.sockets()} sockets are open`);
    assertEquals(proxy.messages, []);
    assertEquals(await proxy.stop(), 0);
  },
});

function latin1(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

/** Changes, drops, doubles or adds a few bytes, or a piece that matters. */
function mutate(bytes: Bytes, random: () => number): Bytes {
  const result = [...bytes];
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    const at = Math.floor(random() * result.length);
    const kind = Math.floor(random() * 5);
    if (kind === 0) result[at] = Math.floor(random() * 256);
    else if (kind === 1) result.splice(at, 1 + Math.floor(random() * 3));
    else if (kind === 2) result.splice(at, 0, ...latin1(pick(PIECES, random)));
    else if (kind === 3) result.push(...result.slice(at));
    else result.length = at;
  }
  // Another first letter is another protocol.
  if (bytes[0] !== 0x48) result[0] = bytes[0]!;
  return Uint8Array.from(result);
}
