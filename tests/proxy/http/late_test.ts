import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { eventually, readToEof } from "../../support/dialogue.ts";
import { startTestProxy } from "../../support/proxy.ts";
import {
  readExactly,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

const decoder = new TextDecoder("latin1");
const BRIEF = { timeouts: { handshake: 200 } };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

for (const part of ["G", "GET http", "GET http://x/ HTTP/1.1\r\nHost: x\r\n"]) {
  Deno.test(`HttpClient.nextHead() says 408 when no more comes than ${JSON.stringify(part)}`, async () => {
    await using proxy = await startTestProxy(BRIEF);
    using conn = await proxy.connect();
    await writeAll(conn, part);
    const text = decoder.decode(await within(5_000, readToEof(conn)));
    assert(text.startsWith("HTTP/1.1 408 Request Timeout\r\n"), text);
    assertStringIncludes(text, "Connection: close\r\n");
    assert(text.endsWith("did not arrive in time\n"), text);
    conn.close();
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals([record!.result, record!.reason], [
      "dropped",
      `Handshake time of 0.2 s has passed, after ${part.length} bytes of the handshake`,
    ]);
  });
}

Deno.test("HttpClient.nextHead() says 408 to a later head too, and counts only its bytes", async () => {
  await using origin = startServer(async (conn) => {
    await conn.read(new Uint8Array(1024));
    await writeAll(conn, OK);
  });
  await using proxy = await startTestProxy(BRIEF);
  using conn = await proxy.connect();
  const at = `127.0.0.1:${origin.addr.port}`;
  await writeAll(conn, `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\nGET`);
  const text = decoder.decode(await within(5_000, readToEof(conn)));
  assertStringIncludes(text, "okHTTP/1.1 408 Request Timeout\r\n");
  conn.close();
  const [first, late] = await within(5_000, proxy.whenEnded(2));
  assertStringIncludes(late!.reason, "after 3 bytes of the handshake");
  assert(late!.startedAt >= first!.startedAt + first!.duration - 2);
  assert(await eventually(() => proxy.proxy.connections === 0));
});

Deno.test("HttpClient.nextHead() says nothing to a client that says nothing", async () => {
  await using origin = startServer(async (conn) => {
    await conn.read(new Uint8Array(1024));
    await writeAll(conn, OK);
  });
  await using proxy = await startTestProxy({
    timeouts: { handshake: 200, idle: 300 },
  });
  using silent = await proxy.connect();
  assertEquals(await within(5_000, readToEof(silent)), new Uint8Array());
  using kept = await proxy.connect();
  const at = `127.0.0.1:${origin.addr.port}`;
  await writeAll(kept, `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`);
  const via = OK.length + "Via: 1.1 sluice\r\n".length;
  await within(5_000, readExactly(kept, via));
  assertEquals(await within(5_000, readToEof(kept)), new Uint8Array());
});
