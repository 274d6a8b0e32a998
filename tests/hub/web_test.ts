import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { WebSocket as NodeWebSocket } from "ws";
import type { HubConfig } from "../../lib/hub/start.ts";
import { OPCODE } from "../../lib/hub/wire/websocket.ts";
import { readToEof } from "../support/dialogue.ts";
import { startTestHub, type TestHub } from "../support/hub.ts";
import { textOf } from "../support/hub_frames.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../support/sockets.ts";
import { clientFrame } from "../support/websocket.ts";

const PATIENCE = 5_000;

/** Fields of a valid upgrade; the key is the RFC's example. */
const UPGRADE: Readonly<Record<string, string>> = {
  "Host": "127.0.0.1",
  "Connection": "keep-alive, Upgrade",
  "Upgrade": "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

function connect({ web }: TestHub): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: web.hostname, port: web.port });
}

function head(line: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}\r\n${lines.join("")}\r\n`;
}

/** Sends a request and reads the whole response. */
async function ask(hub: TestHub, request: string): Promise<string> {
  using conn = await connect(hub);
  await writeAll(conn, request);
  const answer = await within(PATIENCE, readToEof(conn));
  return new TextDecoder().decode(answer);
}

/** Opens a WebSocket by hand, and reads the greeting. */
async function open(hub: TestHub): Promise<Deno.TcpConn> {
  const conn = await connect(hub);
  await writeAll(conn, head("GET /socket HTTP/1.1", UPGRADE));
  let answer = "";
  while (!answer.endsWith("\r\n\r\n")) {
    answer += textOf(await within(PATIENCE, readExactly(conn, 1)));
  }
  assert(answer.startsWith("HTTP/1.1 101 "), answer);
  assertMatch(answer, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  assertMatch(await hear(conn), /^\{"hub":"You are guest-\d+ in lobby"\}$/);
  return conn;
}

/** Reads the data of a short frame. */
async function hear(conn: Deno.Conn): Promise<string> {
  const [, length] = await within(PATIENCE, readExactly(conn, 2));
  return textOf(await within(PATIENCE, readExactly(conn, length!)));
}

Deno.test("hubWeb() serves the page with a strict policy", async () => {
  await using hub = await startTestHub();
  const at = `http://127.0.0.1:${hub.web.port}`;
  const page = await fetch(`${at}/?x=1`);
  const html = await page.text();
  assertEquals(page.status, 200);
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  const policy = page.headers.get("content-security-policy")!;
  assertMatch(policy, /^default-src 'none'; script-src 'self'; /);
  assertEquals(policy.includes("unsafe"), false);
  // No inline code, nothing from other sites.
  assertEquals(/<style|\son\w+=|\sstyle=|https?:|\/\//.test(html), false);
  assertEquals(/<script(?![^>]*\ssrc=)/.test(html), false);
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)];
  assertEquals(files.map(([, path]) => path), ["/page.css", "/page.js"]);
  for (const [, path] of files) {
    const response = await fetch(at + path);
    const text = await response.text();
    assertEquals(response.status, 200);
    assertEquals(
      /innerHTML|insertAdjacent|document\.write|eval/.test(text),
      false,
    );
  }
});

Deno.test("hubWeb() answers 404 and 405 for other requests", async () => {
  await using hub = await startTestHub();
  const cases: [request: string, status: number][] = [
    ["GET /nosuch HTTP/1.1\r\nHost: x\r\n\r\n", 404],
    ["GET /constructor HTTP/1.1\r\nHost: x\r\n\r\n", 404],
    ["POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405],
    ["GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505],
    ["nonsense\r\n\r\n", 400],
    [`GET /${"x".repeat(9_000)} HTTP/1.1\r\n\r\n`, 414],
  ];
  for (const [request, status] of cases) {
    const answer = await ask(hub, request);
    assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} `), request);
  }
  const answer = await ask(hub, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  assertMatch(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assertEquals(answer.endsWith("\r\n\r\n"), true);
});

const REFUSED: [field: string, value: string, status: number][] = [
  ["Upgrade", "", 426],
  ["Upgrade", "h2c", 426],
  ["Connection", "keep-alive", 400],
  ["Sec-WebSocket-Version", "12", 426],
  ["Sec-WebSocket-Version", "", 426],
  ["Sec-WebSocket-Key", "", 400],
  ["Sec-WebSocket-Key", "c2hvcnQ=", 400],
  ["Host", "", 400],
  ["Origin", "http://evil.test", 403],
  ["Origin", "null", 403],
];

for (const [field, value, status] of REFUSED) {
  Deno.test(`hubWeb() answers ${status} when ${field} is '${value}'`, async () => {
    await using hub = await startTestHub();
    const request = head("GET /socket HTTP/1.1", {
      ...UPGRADE,
      [field]: value,
    });
    const answer = await ask(hub, request);
    assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    if (status === 426) {
      assertMatch(answer, /\r\nSec-WebSocket-Version: 13\r\n/);
    }
    assertEquals(hub.hub.clients(), 0);
  });
}

Deno.test("hubWeb() accepts the page's own origin and the configured ones", async () => {
  await using hub = await startTestHub({ origins: ["https://chat.test"] });
  const own = `http://127.0.0.1:${hub.web.port}`;
  for (const origin of [own, "https://chat.test"]) {
    using conn = await connect(hub);
    const fields = { ...UPGRADE, Host: own.slice(7), Origin: origin };
    await writeAll(conn, head("GET /socket HTTP/1.1", fields));
    const answer = await within(PATIENCE, readExactly(conn, 12));
    assertEquals(textOf(answer), "HTTP/1.1 101");
  }
});

Deno.test("hubWeb() connects browsers and TCP clients", async () => {
  await using hub = await startTestHub();
  using tcp = await hub.join();
  using web = await open(hub);
  await tcp.say("from <b>TCP</b>");
  assertEquals(await hear(web), '{"from":"guest-1","text":"from <b>TCP</b>"}');
  await writeAll(web, clientFrame(OPCODE.Text, "from the web"));
  assertEquals(await tcp.hear(), "from the web");
  await writeAll(web, clientFrame(OPCODE.Text, "/name w"));
  assertEquals(await hear(web), '{"hub":"You are w"}');
  assertEquals(await tcp.hear(), "* w is here");
  await writeAll(web, clientFrame(OPCODE.Ping, "x"));
  assertEquals(await hear(web), "x");
});

Deno.test("hubWeb() answers a close frame with its code", async () => {
  await using hub = await startTestHub();
  const web = await open(hub);
  await writeAll(web, clientFrame(OPCODE.Close, "\x03\xe8bye"));
  const rest = await within(PATIENCE, readToEof(web));
  assertEquals(textOf(rest), "\x88\x02\x03\xe8");
  web.close();
  const [record] = await hub.whenEnded(1);
  assertEquals(
    [record!.protocol, record!.result, record!.reason],
    ["hub-websocket", "ok", "client closed first"],
  );
});

Deno.test("hubWeb() closes with the code of the error, and sends nothing to others", async () => {
  await using hub = await startTestHub({ maxMessage: 50 });
  using tcp = await hub.join();
  const cases: [frame: Uint8Array, code: number][] = [
    [clientFrame(OPCODE.Text, "x".repeat(51)), 1009],
    [clientFrame(OPCODE.Text, "\xff"), 1007],
    [clientFrame(OPCODE.Text, "x", { mask: undefined }), 1002],
  ];
  for (const [frame, code] of cases) {
    using web = await open(hub);
    await writeAll(web, frame);
    const rest = await within(PATIENCE, readToEof(web));
    assertEquals([rest[0], rest[2]! << 8 | rest[3]!], [0x88, code]);
  }
  using web = await open(hub);
  await writeAll(web, clientFrame(OPCODE.Text, "x".repeat(50)));
  assertEquals(await tcp.hear(), "x".repeat(50));
});

Deno.test("hubWeb() drops a truncated frame and its client", async () => {
  await using hub = await startTestHub();
  using tcp = await hub.join();
  const web = await open(hub);
  await writeAll(web, clientFrame(OPCODE.Text, "hello").subarray(0, 8));
  web.close();
  await hub.whenEnded(1);
  using other = await hub.join();
  await other.say("next");
  assertEquals(await tcp.hear(), "next");
});

Deno.test("hubWeb() pings a silent browser, and announces the shutdown", async () => {
  const hub = await startTestHub({ heartbeat: 100 });
  using web = await open(hub);
  const [ping] = await within(PATIENCE, readExactly(web, 2));
  assertEquals(ping, 0x89);
  const stopping = hub.hub.shutdown(5_000);
  const rest = textOf(await within(PATIENCE, readToEnd(web)));
  const farewell = '{"hub":"The hub is shutting down"}\x88\x1a\x03\xe9';
  assertStringIncludes(rest, farewell);
  web.close();
  assertEquals(await stopping, 0);
});

Deno.test("hubWeb() closes a client that does not finish its request", async () => {
  const config: Partial<HubConfig> = { handshakeTimeout: 100 };
  await using hub = await startTestHub(config);
  using conn = await connect(hub);
  await writeAll(conn, "GET / HTTP/1.1\r\n");
  await within(PATIENCE, readToEnd(conn));
  const [record] = await hub.whenEnded(1);
  assertEquals(record!.result, "dropped");
});

Deno.test("hubWeb() works with Deno's WebSocket", async () => {
  await using hub = await startTestHub();
  using tcp = await hub.join();
  const socket = new WebSocket(`ws://127.0.0.1:${hub.web.port}/socket`);
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    heard.push(data);
    if (heard.length === 2) resolve();
  };
  await new Promise((opened) => socket.onopen = opened);
  const long = "ä".repeat(30_000);
  socket.send(long);
  assertEquals(await tcp.hear(), long);
  await tcp.say(long);
  await within(PATIENCE, promise);
  assertEquals(JSON.parse(heard[1]!), { from: "guest-1", text: long });
  const closed = new Promise<CloseEvent>((done) => socket.onclose = done);
  socket.close(1000);
  const { code, wasClean } = await within(PATIENCE, closed);
  assertEquals([code, wasClean], [1000, true]);
});

Deno.test("hubWeb() works with the WebSocket of npm:ws", async () => {
  await using hub = await startTestHub({ framing: "json" });
  using tcp = await hub.join();
  const socket = new NodeWebSocket(`ws://127.0.0.1:${hub.web.port}/socket`);
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("message", (data: unknown) => {
    heard.push(String(data));
    if (heard.length === 2) resolve();
  });
  await new Promise<void>((opened) => socket.on("open", () => opened()));
  socket.send('{"n":\n1.0}');
  assertEquals(await tcp.hear(), '{"n": 1.0}');
  await tcp.say("2.50");
  await within(PATIENCE, promise);
  assertEquals(heard[1], '{"from":"guest-1","value":2.50}');
  const closed = new Promise<void>((done) => socket.on("close", () => done()));
  socket.close();
  await within(PATIENCE, closed);
});
