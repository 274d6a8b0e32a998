import { assertEquals, assertRejects } from "@std/assert";
import type { Connection } from "../../../lib/net/connection.ts";
import { credentials } from "../../support/dialogue.ts";
import { startHttp } from "../../support/programs.ts";
import {
  connectRequest,
  GREETING,
  startTestProxy,
} from "../../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { socks4Request } from "../../support/socks4.ts";
import {
  mutualTls,
  startTlsProxy,
  type TlsProxy,
} from "../../support/tls_proxy.ts";

const USERS = [{ name: "bob", password: "secret" }];

/** With users, and clients that may show a certificate or have to. */
function start(isOptional: boolean): Promise<TlsProxy> {
  return startTlsProxy({
    config: { users: USERS },
    tls: (authority) => ({ ...mutualTls(authority), isOptional }),
  });
}

const NOBODY = { certificate: undefined, key: undefined };

async function say(
  client: Connection,
  message: Uint8Array | number[] | string,
  length: number,
): Promise<number[]> {
  await writeAll(client, message);
  return [...await within(5_000, readExactly(client, length))];
}

for (const isOptional of [false, true]) {
  const auth = isOptional ? "request" : "require";

  Deno.test(`a certificate stands for a password in SOCKS5: ${auth}`, async () => {
    await using echo = startEcho();
    await using server = await start(isOptional);
    using client = await server.connect();
    assertEquals(await say(client, [5, 2, 2, 0], 2), [5, 0]);
    const { hostname, port } = echo.addr;
    assertEquals((await say(client, connectRequest(hostname, port), 10))[1], 0);
    client.close();
    const [event] = await within(5_000, server.proxy.whenEnded(1));
    assertEquals(event!.user, "alice");
  });

  Deno.test(`a certificate stands for a password in SOCKS4: ${auth}`, async () => {
    await using echo = startEcho();
    await using server = await start(isOptional);
    using client = await server.connect();
    const { hostname, port } = echo.addr;
    const request = socks4Request(hostname, port, { userId: "somebody" });
    assertEquals((await say(client, request, 8))[1], 90);
    client.close();
    const [event] = await within(5_000, server.proxy.whenEnded(1));
    assertEquals(event!.user, "alice");
  });

  Deno.test(`a certificate stands for a password in every HTTP request: ${auth}`, async () => {
    await using origin = startHttp(() => new Response("x"));
    await using server = await start(isOptional);
    using client = await server.connect();
    const { port } = origin.addr;
    const ok = new TextEncoder().encode("HTTP/1.1 200");
    for (const extra of ["", "Proxy-Authorization: Basic eDp5\r\n"]) {
      const request =
        `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${extra}\r\n`;
      assertEquals(await say(client, request, ok.length), [...ok]);
      await readAnswer(client);
    }
    client.close();
    const events = await within(5_000, server.proxy.whenEnded(2));
    assertEquals(events.slice(0, 2).map(({ user }) => user), [
      "alice",
      "alice",
    ]);
  });
}

Deno.test("a client without an optional certificate can still use a password", async () => {
  await using server = await start(true);
  using client = await server.connect(NOBODY);
  assertEquals(await say(client, [5, 2, 0, 2], 2), [5, 2]);
  assertEquals(await say(client, credentials("bob", "secret"), 2), [1, 0]);
  using other = await server.connect(NOBODY);
  assertEquals(await say(other, GREETING, 2), [5, 0xff]);
});

Deno.test("on a public address the authorities of clients are consent, if required", async () => {
  const listen = [{ host: "0.0.0.0", port: 0 }];
  await using server = await startTlsProxy({ config: { listen } });
  assertEquals(server.proxy.addr.hostname, "0.0.0.0");
  await assertRejects(
    () =>
      startTlsProxy({
        config: { listen },
        tls: (authority) => ({ ...mutualTls(authority), isOptional: true }),
      }),
    Error,
    "Refusing to listen on 0.0.0.0",
  );
});

Deno.test("with certificates SOCKS4 alone can be served beside users", async () => {
  await using echo = startEcho();
  await using server = await startTlsProxy({
    config: { users: USERS, protocols: ["socks4"] },
  });
  using client = await server.connect();
  const { hostname, port } = echo.addr;
  const request = socks4Request(hostname, port);
  assertEquals(await say(client, request, 8), [0, 90, 0, 0, 0, 0, 0, 0]);
  assertEquals(await say(client, "x", 1), [0x78]);
  // Without TLS nobody shows a certificate, and SOCKS4 has no password.
  await assertRejects(
    () => startTestProxy({ users: USERS, protocols: ["socks4"] }),
    Error,
    "socks4 has no passwords",
  );
});

/** The rest of an answer with one byte of a body. */
async function readAnswer(client: Connection): Promise<void> {
  let text = "";
  while (!text.endsWith("\r\n\r\nx")) {
    const [byte] = await within(5_000, readExactly(client, 1));
    text += String.fromCharCode(byte!);
  }
}
