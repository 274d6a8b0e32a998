import { assertEquals, assertMatch } from "@std/assert";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import {
  assertBytes,
  dialogue,
  exchange,
  join,
  refusal,
} from "../../support/dialogue.ts";
import { startTestProxy, type TestProxy } from "../../support/proxy.ts";
import {
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { REJECTED, socks4Request } from "../../support/socks4.ts";
import {
  askTunnel,
  userDialogue,
  userRequest,
  USERS,
} from "../../support/usage.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** An origin server that answers every request on a connection with `ok`. */
function startOrigin() {
  return startServer(async (conn) => {
    const buffer = new Uint8Array(4096);
    while (await conn.read(buffer) !== null) {
      await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
}

/** How the last connection ended, in the words of the log. */
async function lastOf(
  proxy: TestProxy,
  count: number,
): Promise<(string | undefined)[]> {
  const ended = await within(5_000, proxy.whenEnded(count));
  const { result, limit, reason } = ended.at(-1) as ConnectionEvent;
  return [result, limit, reason];
}

Deno.test("SessionUsage.admit() refuses a user with too many connections, and no other", async () => {
  await using echo = startEcho();
  const limits = { connectionsPerUser: 2 };
  await using proxy = await startTestProxy({ users: USERS, limits });
  const first = await askTunnel(proxy, "alice", echo.addr);
  const second = await askTunnel(proxy, "alice", echo.addr);
  assertEquals([first.reply, second.reply], [0, 0]);

  const said = userDialogue("alice", echo.addr);
  const answer = await exchange(proxy, said);
  assertBytes(answer, join([5, 2, 1, 0], refusal(1)));
  const why = "Limit of 2 connections for user alice reached";
  const refused = ["refused", "connections-per-user", why];
  assertEquals(await lastOf(proxy, 1), refused);
  const page = await exchange(
    proxy,
    encoder.encode(userRequest("alice", echo)),
  );
  assertMatch(
    decoder.decode(page),
    /^HTTP\/1\.1 503 [^]*user alice reached\n$/,
  );
  assertEquals(await lastOf(proxy, 2), refused);

  const other = await askTunnel(proxy, "bob", echo.addr);
  assertEquals(other.reply, 0);
  second.conn.close();
  await within(5_000, proxy.whenEnded(3));
  const third = await askTunnel(proxy, "alice", echo.addr);
  assertEquals(third.reply, 0);
  for (const { conn } of [first, other, third]) conn.close();
});

Deno.test("SessionUsage.admit() counts a connection for the user of the request", async () => {
  await using origin = startOrigin();
  const limits = { connectionsPerUser: 1 };
  await using proxy = await startTestProxy({ users: USERS, limits });
  using conn = await proxy.connect();
  const buffer = new Uint8Array(4096);

  async function ask(name: string): Promise<string> {
    await writeAll(conn, userRequest(name, origin));
    const count = await within(5_000, conn.read(buffer));
    return decoder.decode(buffer.subarray(0, count ?? 0));
  }

  for (const name of ["alice", "alice", "bob"]) {
    assertMatch(await ask(name), /^HTTP\/1\.1 200 /, name);
  }
  assertEquals(origin.accepted, 1);
  // It is Bob's now.
  const tunnel = await askTunnel(proxy, "alice", origin.addr);
  assertEquals(tunnel.reply, 0);
  assertMatch(
    await ask("alice"),
    /^HTTP\/1\.1 503 /,
    "over an idle connection",
  );
  tunnel.conn.close();
});

Deno.test("SessionUsage.admit() refuses a client that connects too often, in every protocol", async () => {
  await using echo = startEcho();
  const limits = {
    connectionRate: { count: 3, period: "hour" },
    connectionBurst: 4,
  } as const;
  await using proxy = await startTestProxy({ limits });
  const { port } = echo.addr;
  const socks5 = dialogue("127.0.0.1", port);
  for (let n = 1; n <= 4; n++) {
    using conn = await proxy.connect();
    await writeAll(conn, socks5);
    await conn.closeWrite();
    assertEquals((await within(5_000, readToEnd(conn)))[3], 0);
  }
  await within(5_000, proxy.whenEnded(4));
  const page =
    `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  const connect =
    `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  const cases = [
    { said: socks5, answer: join([5, 0], refusal(1)) },
    { said: socks4Request("127.0.0.1", port), answer: REJECTED },
    { said: encoder.encode(page) },
    { said: encoder.encode(connect) },
  ];
  for (const [n, { said, answer }] of cases.entries()) {
    const got = await exchange(proxy, said);
    if (answer !== undefined) assertBytes(got, answer);
    else {assertMatch(
        decoder.decode(got),
        /^HTTP\/1\.1 503 [^]*from one client reached\n$/,
      );}
    assertEquals(await lastOf(proxy, 5 + n), [
      "refused",
      "connection-rate",
      "Limit of 3 new connections an hour from one client reached",
    ]);
  }
  assertEquals(echo.accepted, 4);
});

Deno.test("Session.admit() names the limits that were there before", async () => {
  await using echo = startEcho();
  const said = dialogue("127.0.0.1", echo.addr.port);
  const cases = [
    { config: { maxConnections: 1 }, limit: "connections" },
    { config: { maxConnectionsPerClient: 1 }, limit: "connections-per-client" },
  ];
  for (const { config, limit } of cases) {
    await using proxy = await startTestProxy(config);
    using _held = await proxy.connect();
    await exchange(proxy, said);
    assertEquals((await lastOf(proxy, 1))[1], limit);
  }
});
