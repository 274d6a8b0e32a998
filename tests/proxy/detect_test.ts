import { assertEquals, assertStringIncludes } from "@std/assert";
import { readToEof } from "../support/dialogue.ts";
import { type SomeProxyConfig, startTestProxy } from "../support/proxy.ts";
import {
  readToEnd,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";

/** What the log calls the protocol, by the first byte; none is refused. */
function expected(byte: number): string | undefined {
  if (byte === 0x04) return "socks4";
  if (byte === 0x05) return "socks5";
  return /[A-Za-z]/.test(String.fromCharCode(byte)) ? "http" : undefined;
}

Deno.test("detect() chooses the protocol by the first byte, and closes for all others", async () => {
  await using proxy = await startTestProxy();
  for (let byte = 0; byte < 256; byte++) {
    using conn = await proxy.connect();
    await writeAll(conn, [byte]);
    await conn.closeWrite();
    await within(5_000, readToEnd(conn));
    const { protocol, reason, result } =
      (await within(5_000, proxy.whenEnded(byte + 1)))[byte]!;
    assertEquals(protocol?.slice(0, 6), expected(byte)?.slice(0, 6));
    if (expected(byte) !== undefined) continue;
    const hex = byte.toString(16).padStart(2, "0");
    assertEquals(result, "refused");
    assertEquals(
      reason,
      `Cannot speak the client's protocol: first byte is 0x${hex}`,
    );
  }
});

Deno.test("detect() closes a protocol that the listener is not to speak", async () => {
  const first = { socks5: 0x05, socks4: 0x04, http: "G".charCodeAt(0) };
  const names = ["socks5", "socks4", "http"] as const;
  for (const left of names) {
    const protocols = names.filter((name) => name !== left);
    await using proxy = await startTestProxy({ protocols });
    using conn = await proxy.connect();
    await writeAll(conn, [first[left], 1, 0]);
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    await conn.closeWrite();
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals(record!.result, "refused");
    const hex = first[left].toString(16).padStart(2, "0");
    assertEquals(
      record!.reason,
      `Cannot speak ${left}: first byte is 0x${hex}`,
    );
  }
});

const PAGE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** An origin server that answers each request on a connection with `ok`. */
function startOrigin(): TestServer {
  return startServer(async (conn) => {
    const reader = conn.readable.pipeThrough(new TextDecoderStream());
    for await (const text of reader) {
      const count = text.match(/\r\n\r\n/g)?.length ?? 0;
      await writeAll(conn, PAGE.repeat(count));
    }
  });
}

/** Says a text in pieces, each of which has a segment of its own. */
async function say(conn: Deno.TcpConn, pieces: string[]): Promise<void> {
  conn.setNoDelay(true);
  for (const piece of pieces) await writeAll(conn, piece);
}

const LISTENERS: SomeProxyConfig[] = [{}, { protocols: ["http"] }];

/** What comes before the request line, and the status of the answer. */
const BEFORE: [pieces: string[], status: number | undefined][] = [
  [["\r\n"], 200],
  [["\r\n\r\n"], 200],
  [["\r", "\n", "\r", "\n"], 200],
  [["\r\n\r\n\r\n"], 400],
  [["\r\n\r"], 400],
  [["\r\n\n"], 400],
  [["\r\n\x05"], 400],
  [["\r\r\n"], undefined],
  [["\n"], undefined],
  [[" \r\n"], undefined],
];

for (const config of LISTENERS) {
  for (const [pieces, status] of BEFORE) {
    const before = JSON.stringify(pieces.join("|"));
    const on = config.protocols ?? "the mixed port";
    Deno.test(`detect() gives ${status ?? "nothing"} to ${before} before a request on ${on}`, async () => {
      await using origin = startOrigin();
      await using proxy = await startTestProxy(config);
      using conn = await proxy.connect();
      const at = `127.0.0.1:${origin.addr.port}`;
      const request = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
      await say(conn, [...pieces, request]);
      await conn.closeWrite();
      const text = new TextDecoder().decode(
        await within(5_000, readToEnd(conn)),
      );
      assertEquals(
        /^HTTP\/1.1 (\d+)/.exec(text)?.[1],
        status?.toString(),
        text,
      );
    });
  }
}

for (const login of ["", `Proxy-Authorization: Basic ${btoa("a:b")}\r\n`]) {
  Deno.test(`http() reads past two empty lines between requests, ${login === "" ? "without" : "with"} a log-in`, async () => {
    await using origin = startOrigin();
    const users = login === "" ? [] : [{ name: "a", password: "b" }];
    await using proxy = await startTestProxy({ users });
    using conn = await proxy.connect();
    const at = `127.0.0.1:${origin.addr.port}`;
    const request = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n${login}\r\n`;
    await say(conn, [
      `\r\n\r\n${request}\r\n\r\n${request}`,
      ...["\r", "\n\r", "\n", request, `\r\n\r\n\r\n${request}`],
    ]);
    const text = new TextDecoder().decode(await within(5_000, readToEnd(conn)));
    assertEquals(text.match(/(?<=HTTP\/1.1 )\d+/g), [
      ...["200", "200", "200", "400"],
    ]);
    assertStringIncludes(text, "more than 2 empty lines before it");
  });
}

Deno.test("http() takes an empty line behind a request for no other one", async () => {
  await using origin = startOrigin();
  await using proxy = await startTestProxy({
    timeouts: { handshake: 100, idle: 500 },
  });
  using conn = await proxy.connect();
  const at = `127.0.0.1:${origin.addr.port}`;
  const request = `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
  await say(conn, [request, "\r\n"]);
  // Until its idle time has passed, and no 408 comes for what nobody asked.
  const text = new TextDecoder().decode(await within(5_000, readToEof(conn)));
  assertEquals(text.match(/(?<=HTTP\/1.1 )\d+/g), ["200"]);
  const ended = await within(5_000, proxy.whenEnded(1));
  assertEquals(ended.map(({ reason }) => reason), ["GET 200"]);
});

Deno.test("http() says that a client of nothing but empty lines has left", async () => {
  await using proxy = await startTestProxy();
  for (const text of ["\r\n", "\r\n\r\n"]) {
    using conn = await proxy.connect();
    await writeAll(conn, text);
    await conn.closeWrite();
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    const { length } = text;
    const record = (await within(5_000, proxy.whenEnded(length / 2))).at(-1)!;
    assertEquals([record.result, record.reason], [
      "dropped",
      `client closed, after ${length} bytes of the handshake`,
    ]);
  }
});
