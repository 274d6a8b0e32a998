import { assertEquals, assertThrows } from "@std/assert";
import { HttpError } from "../../../lib/wire/http1/http_error.ts";
import { parseBasicCredentials } from "../../../lib/wire/http1/credentials.ts";
import { Fields } from "../../../lib/wire/http1/fields.ts";
import {
  encodeForwardedRequest,
  encodeForwardedResponse,
  needsTunnel,
} from "../../../lib/wire/http1/forwarded_head.ts";
import {
  type Framing,
  requestFraming,
  responseFraming,
} from "../../../lib/wire/http1/framing.ts";
import { HeadScanner } from "../../../lib/wire/http1/head.ts";
import { parseRequestHead } from "../../../lib/wire/http1/request.ts";
import { parseResponseHead } from "../../../lib/wire/http1/response.ts";
import { parseTarget } from "../../../lib/wire/http1/target.ts";

function scan(lines: string[]) {
  const scanner = new HeadScanner();
  scanner.push(
    Uint8Array.from(lines.join("\r\n") + "\r\n\r\n", (c) => c.charCodeAt(0)),
  );
  return scanner.head!;
}

function attempt<T>(action: () => T): T | number {
  try {
    return action();
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

/**
 * The fields that frame a request, and its framing or the status of the
 * refusal.
 */
const FRAMINGS: [fields: string[], framing: Framing["kind"] | number][] = [
  [[], "none"],
  [["Content-Length: 0"], "length"],
  [["Content-Length: 5"], "length"],
  [["Content-Length: 5", "Content-Length: 5"], "length"],
  [["Content-Length: 5,5"], "length"],
  [["Content-Length: 5", "Content-Length: 6"], 400],
  [["Content-Length: 5, 6"], 400],
  [["Content-Length: "], 400],
  [["Content-Length: +5"], 400],
  [["Content-Length: -5"], 400],
  [["Content-Length: 0x5"], 400],
  [["Content-Length: 5 5"], 400],
  [["Content-Length: 5.0"], 400],
  [["Content-Length: 5e1"], 400],
  [["Content-Length: \xb2"], 400],
  [["Content-Length: 9007199254740993"], 400],
  [["Content-Length: 99999999999999999999"], 400],
  [["Transfer-Encoding: chunked"], "chunked"],
  [["Transfer-Encoding: CHUNKED"], "chunked"],
  [["Transfer-Encoding: chunked", "Content-Length: 5"], 400],
  [["Content-Length: 5", "Transfer-Encoding: chunked"], 400],
  [["Content-Length: 5", "Transfer-Encoding: identity"], 400],
  [["Transfer-Encoding: "], 400],
  [["Transfer-Encoding: identity"], 400],
  [["Transfer-Encoding: xchunked"], 400],
  [["Transfer-Encoding: chunkedx"], 400],
  [["Transfer-Encoding: \xa0chunked"], 400],
  [['Transfer-Encoding: "chunked"'], 400],
  [["Transfer-Encoding: chunked;q=1"], 400],
  [["Transfer-Encoding: chunked, identity"], 400],
  [["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], 400],
  [["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400],
  [["Transfer-Encoding: , chunked"], 400],
  [["Transfer-Encoding: chunked,"], 400],
  [["Transfer-Encoding: gzip, chunked"], 501],
];

for (const [fields, expected] of FRAMINGS) {
  Deno.test(`requestFraming() returns ${expected} for ${fields.join(" | ")}`, () => {
    const head = parseRequestHead(scan(["POST / HTTP/1.1", ...fields]));
    const framing = attempt(() => requestFraming(head));
    assertEquals(
      typeof framing === "number" ? framing : framing.kind,
      expected,
    );
  });
}

Deno.test("requestFraming() throws 400 for Transfer-Encoding in HTTP/1.0", () => {
  const head = scan(["POST / HTTP/1.0", "Transfer-Encoding: chunked"]);
  assertEquals(attempt(() => requestFraming(parseRequestHead(head))), 400);
});

const ANSWERS: [status: number, method: string, string[], string | number][] = [
  [200, "GET", ["Content-Length: 5"], "length"],
  [200, "GET", ["Transfer-Encoding: chunked"], "chunked"],
  [200, "GET", [], "close"],
  [200, "HEAD", ["Content-Length: 5"], "none"],
  [200, "HEAD", ["Transfer-Encoding: chunked"], "none"],
  [204, "GET", ["Content-Length: 5"], "none"],
  [304, "GET", ["Content-Length: 5"], "none"],
  [103, "GET", [], "none"],
  [200, "GET", ["Content-Length: 5", "Content-Length: 6"], 400],
  [200, "GET", ["Content-Length: 5", "Transfer-Encoding: chunked"], 400],
];

for (const [status, method, fields, expected] of ANSWERS) {
  Deno.test(`responseFraming() returns ${expected} for ${method}, ${status} and ${fields}`, () => {
    const head = parseResponseHead(scan([`HTTP/1.1 ${status} X`, ...fields]));
    const framing = attempt(() => responseFraming(head, method));
    assertEquals(
      typeof framing === "number" ? framing : framing.kind,
      expected,
    );
  });
}

/**
 * Request line and fields, then `port path` of the target or the status of the
 * refusal.
 */
const TARGETS: [string, string[], string | number][] = [
  ["GET http://a.test/x?y", ["Host: a.test"], "80 /x?y"],
  ["GET HTTP://A.test:8080/x", ["Host: a.TEST:8080"], "8080 /x"],
  ["GET http://a.test:80", ["Host: a.test"], "80 /"],
  ["GET http://a.test:/", ["Host: a.test"], "80 /"],
  ["GET http://a.test?q", ["Host: a.test"], "80 /?q"],
  ["OPTIONS http://a.test", ["Host: a.test"], "80 *"],
  ["GET http://[::1]:81/", ["Host: [0:0::1]:81"], "81 /"],
  ["CONNECT a.test:443", ["Host: a.test:443"], "443 "],
  ["CONNECT a.test:443", ["Host: a.test"], "443 "],
  ["CONNECT [::1]:443", ["Host: [::1]:443"], "443 "],
  ["GET http://a.test/", [], 400],
  ["GET http://a.test/", ["Host: "], 400],
  ["GET http://a.test/", ["Host: b.test"], "80 /"],
  ["GET http://a.test/", ["Host: a.test:81"], "80 /"],
  ["GET http://a.test/", ["Host: [::1]:81"], "80 /"],
  ["GET http://a.test/", ["Host: b c"], 400],
  ["GET http://a.test/", ["Host: eve@b.test"], 400],
  ["CONNECT a.test:443", [], "443 "],
  ["CONNECT a.test:443", ["Host: "], "443 "],
  ["CONNECT a.test:443", ["Host: b.test:80"], "443 "],
  ["CONNECT a.test:443", ["Host: b c"], 400],
  ["CONNECT a.test:443", ["Host: a.test", "Host: a.test"], 400],
  ["OPTIONS http://a.test", [], 400],
  ["POST http://a.test/", [], 400],
  ["GET http://a.test/", ["Host: a.test", "Host: a.test"], 400],
  ["GET http://a.test/", ["Host: a.test, b.test"], 400],
  ["GET http://a.test@b.test/", ["Host: b.test"], 400],
  ["GET http://a.test#f", ["Host: a.test"], 400],
  ["GET http:///x", ["Host: a.test"], 400],
  ["GET http://a.test:0/", ["Host: a.test:0"], 400],
  ["GET http://a.test:65536/", ["Host: a.test:65536"], 400],
  ["GET http://a.test:8x/", ["Host: a.test"], 400],
  ["GET http://::1/", ["Host: ::1"], 400],
  ["GET http://[a.test]/", ["Host: [a.test]"], 400],
  ["GET http://[127.0.0.1]/", ["Host: [127.0.0.1]"], 400],
  ["GET http://a%00.test/", ["Host: a%00.test"], 400],
  ["GET http://a\\@b/", ["Host: b"], 400],
  ["GET /x", ["Host: a.test"], 400],
  ["OPTIONS *", ["Host: a.test"], 400],
  ["GET a.test", ["Host: a.test"], 400],
  ["GET https://a.test/", ["Host: a.test"], 501],
  ["GET ftp://a.test/", ["Host: a.test"], 501],
  ["CONNECT a.test", ["Host: a.test"], 400],
  ["CONNECT a.test:", ["Host: a.test"], 400],
  ["CONNECT http://a.test/", ["Host: a.test"], 400],
  ["CONNECT :443", ["Host: a.test"], 400],
];

for (const [line, fields, expected] of TARGETS) {
  Deno.test(`parseTarget() returns ${expected} for ${line} with ${fields.join(" | ")}`, () => {
    const head = parseRequestHead(scan([`${line} HTTP/1.1`, ...fields]));
    const target = attempt(() => parseTarget(head));
    const found = typeof target === "number"
      ? target
      : `${target.port} ${target.path}`;
    assertEquals(found, expected);
  });
}

Deno.test("parseTarget() does not reveal the password in a target", () => {
  const fields = ["Host: a.test"];
  const head = parseRequestHead(
    scan(["GET http://alice:secret@a.test/ HTTP/1.1", ...fields]),
  );
  const error = assertThrows(() => parseTarget(head), HttpError);
  assertEquals((error as HttpError).message.includes("secret"), false);
  assertEquals((error as HttpError).message.includes("alice"), false);
});

Deno.test("parseTarget() accepts HTTP/1.0 without Host", () => {
  const head = parseRequestHead(scan(["GET http://a.test/ HTTP/1.0"]));
  assertEquals(parseTarget(head).path, "/");
});

Deno.test("encodeForwardedRequest() removes hop-by-hop fields and rewrites the framing", () => {
  const head = parseRequestHead(scan([
    "POST http://a.test/x HTTP/1.1",
    "Host: A.test",
    "Connection: close, X-Private, Content-Length",
    "X-Private: 1",
    "Keep-Alive: 5",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic eDp5",
    "TE: trailers, gzip",
    "Upgrade: websocket",
    "Content-Length: 5, 5".replace(", ", ","),
    "Via: 1.0 other",
    "X-Kept: \xe9",
  ]));
  const text = String.fromCharCode(...encodeForwardedRequest(
    head,
    parseTarget(head),
    { framing: requestFraming(head), forwardedFor: "192.0.2.1" },
  ));
  assertEquals(text.split("\r\n"), [
    "POST /x HTTP/1.1",
    "Host: a.test",
    "Via: 1.0 other",
    "X-Kept: \xe9",
    "Content-Length: 5",
    "TE: trailers",
    "Connection: TE",
    "X-Forwarded-For: 192.0.2.1",
    "Via: 1.1 sluice",
    "",
    "",
  ]);
});

Deno.test("encodeForwardedRequest() uses the absolute form for another proxy", () => {
  const cases: [sent: string, forwarded: string][] = [
    ["GET http://A.test:81/x?y HTTP/1.1", "GET http://A.test:81/x?y HTTP/1.1"],
    ["GET http://a.test HTTP/1.1", "GET http://a.test/ HTTP/1.1"],
    ["GET http://a.test?y HTTP/1.1", "GET http://a.test/?y HTTP/1.1"],
    ["GET http://[::1]:81/ HTTP/1.0", "GET http://[::1]:81/ HTTP/1.1"],
    ["OPTIONS http://a.test HTTP/1.1", "OPTIONS http://a.test HTTP/1.1"],
    ["OPTIONS http://a.test/ HTTP/1.1", "OPTIONS http://a.test/ HTTP/1.1"],
    ["OPTIONS http://a.test/* HTTP/1.1", "OPTIONS http://a.test/* HTTP/1.1"],
  ];
  for (const [sent, forwarded] of cases) {
    const head = parseRequestHead(scan([
      sent,
      "Host: other.test",
      "Connection: upgrade",
      "Upgrade: h2c",
      "Proxy-Authorization: Basic eDp5",
    ]));
    const target = parseTarget(head);
    const text = String.fromCharCode(...encodeForwardedRequest(head, target, {
      framing: requestFraming(head),
      relay: { fields: [["Proxy-Authorization", "Basic b3duOg=="]] },
    }));
    assertEquals(text.split("\r\n"), [
      forwarded,
      `Host: ${target.text}`,
      "Proxy-Authorization: Basic b3duOg==",
      `Via: 1.${head.minor} sluice`,
      "",
      "",
    ]);
  }
});

Deno.test("needsTunnel() recognises upgrades that cannot be ignored", () => {
  const cases: [upgrade: string, isNeeded: boolean][] = [
    ["websocket", true],
    ["WebSocket", true],
    ["h2c", false],
    ["H2C", false],
    ["h2c, websocket", true],
    ["SPDY/3.1", true],
    ["", false],
  ];
  for (const [upgrade, isNeeded] of cases) {
    const head = parseRequestHead(scan([
      "GET http://a.test/ HTTP/1.1",
      "Host: a.test",
      "Connection: upgrade",
      `Upgrade: ${upgrade}`,
    ]));
    assertEquals(needsTunnel(head, requestFraming(head)), isNeeded, upgrade);
  }
});

Deno.test("encodeForwardedResponse() keeps the length in a response to HEAD", () => {
  const head = parseResponseHead(scan([
    "HTTP/1.1 200 OK",
    "Content-Length: 5",
    "Connection: X",
    "X: 1",
    "Proxy-Authenticate: Basic",
  ]));
  const text = String.fromCharCode(
    ...encodeForwardedResponse(head, { framing: { kind: "none" } }),
  );
  assertEquals(
    text,
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: 1.1 sluice\r\n\r\n",
  );
});

const CREDENTIALS: [string, [string, string] | undefined][] = [
  [`Basic ${btoa("alice:se:cret")}`, ["alice", "se:cret"]],
  [`basic  ${btoa("a:")}`, ["a", ""]],
  [`Basic ${btoa("alice")}`, undefined],
  ["Basic", undefined],
  ["Basic !", undefined],
  ["Basic YQ", undefined],
  ["Bearer YTpi", undefined],
  ["Basic YTpi x", undefined],
];

for (const [value, expected] of CREDENTIALS) {
  Deno.test(`parseBasicCredentials() parses ${value}`, () => {
    const found = parseBasicCredentials(
      new Fields([["Proxy-Authorization", value]]),
    );
    const read = found &&
      [found.username, new TextDecoder().decode(found.password)];
    assertEquals(read, expected);
  });
}
