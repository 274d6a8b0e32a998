import { assertEquals } from "@std/assert";
import { FlightScanner } from "../../lib/wire/first_flight.ts";
import { hello, serverNames } from "../support/client_hello.ts";

function scan(bytes: Uint8Array) {
  return new FlightScanner().push(bytes);
}

function scanText(text: string) {
  return scan(new TextEncoder().encode(text));
}

Deno.test("FlightScanner.push() waits for the end of a ClientHello, however it is split", () => {
  const bytes = hello({ extensions: [serverNames("a.test")] });
  for (let length = 1; length < bytes.length; length++) {
    assertEquals(scan(bytes.subarray(0, length)), undefined, `${length}`);
  }
  const scanner = new FlightScanner();
  for (let length = 1; length < bytes.length; length++) {
    assertEquals(scanner.push(bytes.subarray(0, length)), undefined);
  }
  const flight = scanner.push(bytes);
  assertEquals(flight?.kind, "tls");
  assertEquals(flight?.kind === "tls" && flight.hello.serverName, "a.test");
});

Deno.test("FlightScanner.push() waits for the end of a request line, however it is split", () => {
  const line = "GET /a?b=c HTTP/1.1\r\n";
  for (const before of ["", "\r\n", "\r\n\r\n"]) {
    const text = before + line;
    for (let length = 1; length < text.length; length++) {
      assertEquals(scanText(text.slice(0, length)), undefined, `${length}`);
    }
    assertEquals(scanText(text + "Host: a")?.kind, "http");
  }
});

Deno.test("FlightScanner.push() rules out TLS and HTTP by the first byte", () => {
  for (let byte = 0; byte < 256; byte++) {
    const isUpper = byte >= 0x41 && byte <= 0x5a;
    const mayBecome = isUpper || byte === 22 || byte === 0x0d;
    const kind = scan(Uint8Array.of(byte))?.kind;
    assertEquals(kind, mayBecome ? undefined : "other", `${byte}`);
  }
});

/** First bytes of a tunnel, their kind, and their protocol if it has a name. */
const TEXTS:
  readonly (readonly [text: string, kind: string, protocol?: string])[] = [
    ["SSH-2.0-OpenSSH_9.6\r\n", "other", "SSH"],
    ["EHLO client\r\n", "other", "SMTP"],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "other", "HTTP/2"],
    ["GET /\r\n", "other"],
    ["GET / HTTP/1.1\n", "http"],
    ["GET  / HTTP/1.1\r\n", "other"],
    ["GET / HTTP/1.1 \r\n", "other"],
    ["GET\t/ HTTP/1.1\r\n", "other"],
    ["GET / HTTP/2.0\r\n", "other"],
    ["get / HTTP/1.1\r\n", "other"],
    ["GET / http/1.1\r\n", "other"],
    ["G\0T / HTTP/1.1\r\n", "other"],
    ["GET /\x80 HTTP/1.1\r\n", "other"],
    ["\r\n\r\n\r\nGET / HTTP/1.1\r\n", "other"],
    ["\nGET / HTTP/1.1\r\n", "other"],
    ["CONNECT a.test:443 HTTP/1.1\r\n", "http"],
    [`GET /${"a".repeat(9_000)}`, "other"],
    [`GET /${"a".repeat(9_000)} HTTP/1.1\r\n`, "other"],
    ["hello", "other"],
    ["QUIT\r\n", "other"],
  ];

for (const [text, kind, protocol] of TEXTS) {
  Deno.test(`FlightScanner.push() takes ${JSON.stringify(text.slice(0, 40))} (${text.length}) for ${kind}`, () => {
    const flight = scanText(text);
    assertEquals(flight?.kind, kind);
    if (protocol === undefined) return;
    assertEquals(flight?.kind === "other" && flight.protocol, protocol);
  });
}

Deno.test("FlightScanner.push() explains why it cannot parse a ClientHello", () => {
  const twice = hello({ extensions: [serverNames("a.test", "b.test")] });
  assertEquals(scan(twice), {
    kind: "bad tls",
    why: "Cannot parse ClientHello: it names two servers",
  });
  assertEquals(scan(Uint8Array.of(22, 3, 1, 0x7f, 0xff))?.kind, "bad tls");
  assertEquals(scan(Uint8Array.of(22, 2))?.kind, "other");
});
