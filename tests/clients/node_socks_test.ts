import { assertEquals, assertRejects } from "@std/assert";
import type { Socket } from "node:net";
import { SocksClient, type SocksClientOptions } from "socks";
import { onlyConnection } from "../support/programs.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";
import { closedPort, startEcho } from "../support/sockets.ts";

async function connect(
  { addr }: TestProxy,
  destination: SocksClientOptions["destination"],
  credentials: { userId?: string; password?: string } = {},
): Promise<Socket> {
  const { socket } = await SocksClient.createConnection({
    proxy: { host: addr.hostname, port: addr.port, type: 5, ...credentials },
    command: "connect",
    destination,
  });
  return socket;
}

// The library leaves the timer of its connect timeout running.
const sanitize = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "npm:socks asks by name and reads the answer after its half-close",
  sanitize,
  async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      users: [{ name: "alice", password: "secret" }],
    });
    const { port } = echo.addr;
    const socket = await connect(proxy, { host: "localhost", port }, {
      userId: "alice",
      password: "secret",
    });
    socket.end("question");
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    assertEquals(answer, "question");
    const { target, user, endedFirst, result } = await onlyConnection(proxy);
    assertEquals(target, `localhost:${port}`);
    assertEquals([user, endedFirst, result], ["alice", "client", "ok"]);
  },
);

Deno.test(
  "npm:socks rejects with the reason when a port refuses",
  sanitize,
  async () => {
    await using proxy = await startTestProxy();
    const destination = { host: "127.0.0.1", port: closedPort() };
    await assertRejects(
      () => connect(proxy, destination),
      Error,
      "ConnectionRefused",
    );
    const { result } = await onlyConnection(proxy);
    assertEquals(result, "failed");
  },
);
