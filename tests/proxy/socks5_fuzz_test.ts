import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  type Bytes,
  credentials,
  dialogue,
  eventually,
  join,
  nameRequest,
  toHex,
} from "../support/dialogue.ts";
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
const USER = { name: "alice", password: "secret" };

for (const users of [[], [USER]]) {
  const who = users.length === 0 ? "without users" : "with users";

  Deno.test({
    name: `socks5() survives random and mutated dialogues ${who}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const random = fuzzRandom(0x51_1ce + users.length);
      await using echo = startEcho();
      await using proxy = await startProxyProcess({
        users,
        protocols: ["socks5"],
        bindTimeout: 300,
        timeouts: { handshake: 300, connect: 300, idle: 300, halfClose: 100 },
        // One byte changed makes a CONNECT an association, which would last.
        udp: { idleTimeout: 300 },
      });
      const good = users.length === 0
        ? dialogue("127.0.0.1", echo.addr.port)
        : join(
          [5, 1, 2],
          credentials(USER.name, USER.password),
          connectRequest("127.0.0.1", echo.addr.port),
        );
      const seeds = [
        good,
        join(good, new Uint8Array(50).fill(5)),
        join(GREETING, nameRequest("localhost", echo.addr.port)),
        join([5, 2, 0, 2], credentials("a".repeat(255), "b".repeat(255)), good),
        join(GREETING, connectRequest("::1", echo.addr.port)),
      ];
      await serve(proxy, good);

      const end = performance.now() + fuzzMilliseconds();
      let count = 0;
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        while (count < LEAST || performance.now() < end) {
          count++;
          const said = random() < 0.2
            ? noise(random)
            : mutate(pick(seeds, random), random);
          await assertSane(proxy, said, random);
        }
      }));

      await serve(proxy, good);
      const back = await eventually(() => proxy.sockets() === 1);
      assert(back, `${proxy.sockets()} sockets are open`);
      const closed = await eventually(() => proxy.ended.length === count + 2);
      assert(closed, `${proxy.ended.length} records of ${count + 2}`);
      assertEquals(proxy.messages, []);
      assertEquals(await proxy.stop(), 0);
    },
  });
}

/** Fails unless what comes back is made of whole messages, and then ends. */
async function assertSane(
  proxy: ProxyProcess,
  said: Bytes,
  random: () => number,
): Promise<void> {
  using conn = await proxy.connect();
  const cut = Math.floor(random() * said.length);
  const isLeaving = random() < 0.7;
  const saying = (async () => {
    await writeAll(conn, said.subarray(0, cut));
    await writeAll(conn, said.subarray(cut));
    if (isLeaving) await conn.closeWrite();
  })().catch(() => {}); // It may be refused before it has said all.
  const answer = await within(5_000, readToEnd(conn));
  await saying;
  const about = `${toHex(said)} -> ${toHex(answer)}`;
  assert(isWhole(answer), about);
}

/** Whether bytes are a method, a status and a reply, or fewer of these. */
function isWhole(answer: Uint8Array): boolean {
  if (answer.length === 0) return true;
  if (answer[0] !== 5 || ![0, 2, 255].includes(answer[1]!)) return false;
  if (answer[1] === 255) return answer.length === 2;
  let rest = answer.subarray(2);
  if (answer[1] === 2 && rest.length > 0) {
    if (rest[0] !== 1) return false;
    if (rest[1] !== 0) return rest.length === 2;
    rest = rest.subarray(2);
  }
  if (rest.length === 0) return true;
  const [version, reply, reserved, type] = rest;
  if (version !== 5 || reply! > 8 || reserved !== 0) return false;
  if (reply !== 0) return toHex(rest.subarray(2)) === "0001000000000000";
  return rest.length >= (type === 4 ? 22 : 10);
}

async function serve(proxy: ProxyProcess, good: Bytes): Promise<void> {
  using conn = await proxy.connect();
  await writeAll(conn, join(good, [1, 2, 3]));
  await within(5_000, readExactly(conn, good[2] === 2 ? 4 : 2));
  assertEquals((await within(5_000, readReply(conn))).reply, 0);
  assertBytes(await within(5_000, readExactly(conn, 3)), [1, 2, 3]);
}
