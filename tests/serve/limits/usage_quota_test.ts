import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  assertBytes,
  exchange,
  join,
  refusal,
} from "../../support/dialogue.ts";
import { startTestProxy } from "../../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import {
  askTunnel,
  userDialogue,
  userRequest,
  USERS,
} from "../../support/usage.ts";

const REASON = "The daily quota of 100 kB for alice is used up until 00:00 UTC";
const LIMITS = { quotaPerUser: 100_000 };

Deno.test("QuotaMeter cuts the tunnels of a user whose quota is used up, and refuses new ones", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ users: USERS, limits: LIMITS });
  const idle = await askTunnel(proxy, "alice", echo.addr);
  const busy = await askTunnel(proxy, "alice", echo.addr);
  const other = await askTunnel(proxy, "bob", echo.addr);
  await writeAll(busy.conn, new Uint8Array(50_000));
  await within(5_000, readExactly(busy.conn, 50_000));
  for (const { conn } of [idle, busy]) {
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    conn.close();
  }
  for (const event of await within(5_000, proxy.whenEnded(2))) {
    const { result, limit, reason, user } = event;
    assertEquals([result, limit, reason], ["cut", "quota", REASON]);
    assertEquals(user, "alice");
  }

  const answer = await exchange(proxy, userDialogue("alice", echo.addr));
  assertBytes(answer, join([5, 2, 1, 0], refusal(1)));
  const said = new TextEncoder().encode(userRequest("alice", echo));
  const page = new TextDecoder().decode(await exchange(proxy, said));
  assertMatch(page, /^HTTP\/1\.1 503 [^]*\n$/);
  assert(page.endsWith(`${REASON}\n`));
  const ended = await within(5_000, proxy.whenEnded(4));
  for (const { result, limit, reason } of ended.slice(2)) {
    assertEquals([result, limit, reason], ["refused", "quota", REASON]);
  }

  await writeAll(other.conn, "still there");
  await within(5_000, readExactly(other.conn, 11));
  other.conn.close();
});

Deno.test("QuotaMeter counts the last bytes when a tunnel ends, without waiting", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ users: USERS, limits: LIMITS });
  for (let n = 1; n <= 2; n++) {
    const { conn, reply } = await askTunnel(proxy, "alice", echo.addr);
    assertEquals(reply, 0);
    await writeAll(conn, new Uint8Array(25_000));
    await conn.closeWrite();
    assertEquals((await within(5_000, readToEnd(conn))).length, 25_000);
    conn.close();
    await within(5_000, proxy.whenEnded(n));
  }
  const { conn, reply } = await askTunnel(proxy, "alice", echo.addr);
  assertEquals(reply, 1);
  conn.close();
});

Deno.test("QuotaMeter counts the answers of HTTP, request by request", async () => {
  await using origin = startServer(async (conn) => {
    const buffer = new Uint8Array(4096);
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n";
    while (await conn.read(buffer) !== null) {
      await writeAll(conn, head);
      await writeAll(conn, new Uint8Array(40_000));
    }
  });
  await using proxy = await startTestProxy({ users: USERS, limits: LIMITS });

  async function get(name: string): Promise<number> {
    using conn = await proxy.connect();
    await writeAll(conn, userRequest(name, origin));
    await conn.closeWrite();
    const answer = await within(5_000, readToEnd(conn));
    const head = new TextDecoder().decode(answer.subarray(0, 12));
    return Number(head.slice(-3));
  }

  const statuses: number[] = [];
  for (let n = 1; n <= 4; n++) {
    statuses.push(await get("alice"));
    await within(5_000, proxy.whenEnded(n));
  }
  assertEquals(statuses, [200, 200, 200, 503]);
  assertEquals(await get("bob"), 200);
});

Deno.test("QuotaMeter cuts a connection of HTTP that is idle or in the middle of an answer", async () => {
  await using origin = startServer(async (conn) => {
    await conn.read(new Uint8Array(4096));
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n");
    await writeAll(conn, new Uint8Array(110_000));
    await readToEnd(conn);
  });
  await using proxy = await startTestProxy({ users: USERS, limits: LIMITS });
  using conn = await proxy.connect();
  await writeAll(conn, userRequest("alice", origin));
  const answer = await within(5_000, readToEnd(conn));
  assert(answer.length >= 110_000 && answer.length < 900_000);
  const [event] = await within(5_000, proxy.whenEnded(1));
  const { result, limit, reason } = event!;
  assertEquals([result, limit, reason], ["cut", "quota", REASON]);
});
