import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startTestProxy, type TestProxy } from "../../support/proxy.ts";
import {
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

const decoder = new TextDecoder("latin1");

async function ask(proxy: TestProxy, text: string): Promise<string> {
  using conn = await proxy.connect();
  await writeAll(conn, text);
  return decoder.decode(await within(5_000, readToEnd(conn)));
}

/** An origin server that answers with the head that it got. */
function startMirror() {
  return startServer(async (conn) => {
    const buffer = new Uint8Array(4096);
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) return;
      const text = decoder.decode(buffer.subarray(0, count));
      await writeAll(
        conn,
        `HTTP/1.1 200 Mirror\r\nContent-Length: ${count}\r\n\r\n${text}`,
      );
    }
  });
}

function request(
  method: string,
  { addr }: { addr: Deno.NetAddr },
  ...fields: string[]
): string {
  const at = `127.0.0.1:${addr.port}`;
  const lines = [`${method} http://${at} HTTP/1.1`, `Host: ${at}`, ...fields];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

const CLOSE = "Connection: close";

Deno.test("answerAsFinalRecipient() echoes TRACE without secrets when Max-Forwards is 0", async () => {
  await using origin = startMirror();
  await using proxy = await startTestProxy();
  const text = await ask(
    proxy,
    request(
      "TRACE",
      origin,
      "Max-Forwards: 0",
      "X-Kept: \xe9",
      "Cookie: secret",
      "Authorization: secret",
      "Proxy-Authorization: secret",
      CLOSE,
    ),
  );
  const at = `127.0.0.1:${origin.addr.port}`;
  const body = `TRACE http://${at} HTTP/1.1\r\nHost: ${at}\r\n` +
    "Max-Forwards: 0\r\nX-Kept: \xe9\r\nConnection: close\r\n\r\n";
  assertStringIncludes(text, "Content-Type: message/http\r\n");
  assertStringIncludes(text, `Content-Length: ${body.length + 1}\r\n`);
  assert(text.endsWith(body.replace("\xe9", "\xc3\xa9")), text);
  assertEquals(origin.accepted, 0);
  const [record] = await proxy.whenEnded(1);
  assertEquals([record!.result, record!.reason], ["ok", "TRACE 200"]);
});

Deno.test("answerAsFinalRecipient() keeps the connection unless a body follows", async () => {
  await using origin = startMirror();
  await using proxy = await startTestProxy();
  const final = (...fields: string[]) =>
    request("OPTIONS", origin, "Max-Forwards: 0", ...fields);
  const text = await ask(
    proxy,
    final() + final("Content-Length: 3") + "GET" + final(),
  );
  assertEquals(text.match(/HTTP\/1.1 200 OK/g)?.length, 2);
  assertEquals(text.match(/Connection: [a-z-]+/g), [
    "Connection: keep-alive",
    "Connection: close",
  ]);
  assertEquals(origin.accepted, 0);
});

const FORWARDED: [method: string, field: string, expected: string | null][] = [
  ["OPTIONS", "Max-Forwards: 1", "0"],
  ["TRACE", "MAX-FORWARDS: 10", "9"],
  ["TRACE", `Max-Forwards: ${"9".repeat(30)}`, "9007199254740990"],
  ["OPTIONS", "X: 1", null],
  ["GET", "Max-Forwards: 0", "0"],
];

for (const [method, field, expected] of FORWARDED) {
  Deno.test(`httpExchange() sends ${expected} for ${method} with ${field}`, async () => {
    await using origin = startMirror();
    await using proxy = await startTestProxy();
    const text = await ask(proxy, request(method, origin, field, CLOSE));
    assertStringIncludes(text, "200 Mirror");
    const found = [...text.matchAll(/^max-forwards: (\d+)/gim)];
    const values = found.map(([, value]) => value);
    assertEquals(values, expected === null ? [] : [expected]);
  });
}

Deno.test("http() says 400 to a Max-Forwards that is no number", async () => {
  await using origin = startMirror();
  await using proxy = await startTestProxy();
  const text = await ask(proxy, request("TRACE", origin, "Max-Forwards: x"));
  assert(text.startsWith("HTTP/1.1 400 "), text);
  assertEquals(origin.accepted, 0);
});
