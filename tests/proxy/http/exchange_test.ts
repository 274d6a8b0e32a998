import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pattern, sha256 } from "../../support/dialogue.ts";
import { startTestProxy, type TestProxy } from "../../support/proxy.ts";
import { connectResettable } from "../../support/reset.ts";
import { rulesOf } from "../../support/rules.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

const decoder = new TextDecoder("latin1");

/** Reads until a text has come, and gives everything up to its end. */
async function readUntil(conn: Deno.Conn, end: string): Promise<string> {
  let text = "";
  while (!text.endsWith(end)) {
    text += decoder.decode(await within(5_000, readExactly(conn, 1)));
  }
  return text;
}

async function readAll(conn: Deno.Conn): Promise<string> {
  return decoder.decode(await within(5_000, readToEnd(conn)));
}

/** Sends to the proxy and reads until it closes. */
async function ask(proxy: TestProxy, text: string): Promise<string> {
  using conn = await proxy.connect();
  await writeAll(conn, text);
  return await readAll(conn);
}

/** An origin server that gives prepared answers and keeps what it was asked. */
function startOrigin(
  ...answers: string[]
): TestServer & { asked: string[] } {
  const asked: string[] = [];
  const server = startServer(async (conn) => {
    for (const answer of answers) {
      asked.push(await readUntil(conn, "\r\n\r\n"));
      await writeAll(conn, answer);
    }
  });
  return Object.assign(server, { asked });
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function get({ addr }: { addr: Deno.NetAddr }, fields = "", line = "GET") {
  const at = `127.0.0.1:${addr.port}`;
  return `${line} http://${at}/x HTTP/1.1\r\nHost: ${at}\r\n${fields}\r\n`;
}

const CLOSE = "Connection: close\r\n";

/** Both say that there is no body. */
const EMPTY = { "no length": "", "Content-Length: 0": "Content-Length: 0\r\n" };

Deno.test("http() serves pipelined requests in order, on one connection to the origin", async () => {
  const bodies = ["1", "22", "333"].map((body) =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
  await using origin = startOrigin(...bodies);
  await using proxy = await startTestProxy();
  const text = await ask(
    proxy,
    get(origin) + get(origin) + get(origin, CLOSE),
  );
  assertEquals(text.match(/\r\n\r\n(\d+)/g), [
    "\r\n\r\n1",
    "\r\n\r\n22",
    "\r\n\r\n333",
  ]);
  assertEquals(origin.accepted, 1);
  assertStringIncludes(origin.asked[0]!, "GET /x HTTP/1.1\r\nHost: 127.0.0.1");
  assertStringIncludes(origin.asked[0]!, "Via: 1.1 sluice\r\n");
  assert(!origin.asked.join("").includes("X-Forwarded-For"));
  const reasons = (await proxy.whenEnded(3)).map(({ reason }) => reason);
  assertEquals(reasons.slice(0, 3), ["GET 200", "GET 200", "GET 200"]);
});

Deno.test("http() goes to another host with each request", async () => {
  await using a = startOrigin(OK.replace("ok", "aa"));
  await using b = startOrigin(OK.replace("ok", "bb"));
  await using proxy = await startTestProxy({ forwardedFor: true });
  const text = await ask(proxy, get(a) + get(b, CLOSE));
  assertEquals(text.match(/aa|bb/g), ["aa", "bb"]);
  assertStringIncludes(b.asked[0]!, "X-Forwarded-For: 127.0.0.1\r\n");
});

for (const [how, empty] of Object.entries(EMPTY)) {
  Deno.test(`http() asks again when an idle connection turns out to be closed, with ${how}`, async () => {
    await using origin = startServer(async (conn) => {
      await readUntil(conn, "\r\n\r\n");
      await writeAll(conn, OK);
      // Closes only when the next request is there: it is not idle then.
      if (origin.accepted === 1) await readUntil(conn, "\r\n\r\n");
    });
    await using proxy = await startTestProxy();
    using conn = await proxy.connect();
    await writeAll(conn, get(origin));
    await readUntil(conn, "ok");
    await writeAll(conn, get(origin, CLOSE + empty));
    assertStringIncludes(await readAll(conn), "200 OK");
    assertEquals(origin.accepted, 2);
  });
}

Deno.test("http() prefers the target over a different Host, and sends it to the origin", async () => {
  await using origin = startOrigin(OK);
  await using other = startOrigin(OK);
  const at = `127.0.0.1:${origin.addr.port}`;
  const lines = `origin: allow port ${origin.addr.port}\ndefault deny`;
  await using proxy = await startTestProxy({
    rules: { current: rulesOf(lines) },
  });
  const named = (name: string) =>
    get(origin, CLOSE).replace(/(?<=Host: ).*/, name);
  const text = await ask(proxy, named(`127.0.0.1:${other.addr.port}`));
  assertStringIncludes(text, "200 OK");
  assertEquals(other.accepted, 0);
  assertEquals(origin.asked[0]!.match(/^Host: .*$/gim), [`Host: ${at}`]);
  const [record] = await proxy.whenEnded(1);
  assertEquals([record!.target, record!.rule], [at, "origin"]);
  // What is denied is denied, whatever Host says.
  const denied = get(other, CLOSE).replace(/(?<=Host: ).*/, at);
  assertStringIncludes(await ask(proxy, denied), "403 Forbidden");
  const bad = await ask(proxy, named("a b"));
  assertStringIncludes(bad, 'Cannot parse Host "a b": bad host: ');
});

for (const fields of ["", "Host:\r\n", "User-Agent: lftp/4.9.2\r\n"]) {
  Deno.test(`http() serves CONNECT with ${JSON.stringify(fields)} for a head, but no other method`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy();
    using conn = await proxy.connect();
    const at = `127.0.0.1:${echo.addr.port}`;
    await writeAll(conn, `CONNECT ${at} HTTP/1.1\r\n${fields}\r\nearly`);
    const text = await readUntil(conn, "early");
    assertEquals(text, "HTTP/1.1 200 Connection established\r\n\r\nearly");
    for (const method of ["GET", "POST", "OPTIONS", "TRACE", "connect"]) {
      const line = `${method} http://${at}/ HTTP/1.1\r\n`;
      const refused = await ask(proxy, `${line}${fields}\r\n`);
      assertStringIncludes(refused, "HTTP/1.1 400 Bad Request", method);
      assertStringIncludes(refused, "Host", method);
    }
  });
}

Deno.test("http() connects, and gives the target what came behind the head", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  const at = `127.0.0.1:${echo.addr.port}`;
  await writeAll(conn, `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\nearly`);
  const text = await readUntil(conn, "early");
  assertEquals(text, "HTTP/1.1 200 Connection established\r\n\r\nearly");
  await conn.closeWrite();
  assertEquals(await readAll(conn), "");
  const [record] = await proxy.whenEnded(1);
  const { protocol, target, sent, result } = record!;
  assertEquals([protocol, target, sent, result], ["http-connect", at, 5, "ok"]);
});

for (const [how, empty] of Object.entries(EMPTY)) {
  Deno.test(`http() switches protocols and loses no byte of either side, with ${how}`, async () => {
    await using origin = startServer(async (conn) => {
      await readUntil(conn, "\r\n\r\n");
      await writeAll(
        conn,
        "HTTP/1.1 101 X\r\nUpgrade: test\r\nConnection: Upgrade\r\n\r\nhello",
      );
      await writeAll(conn, (await readUntil(conn, "after")).toUpperCase());
    });
    await using proxy = await startTestProxy();
    const upgrade = `Connection: upgrade\r\nUpgrade: test\r\n${empty}`;
    using conn = await proxy.connect();
    await writeAll(conn, get(origin, upgrade) + "early and ");
    const text = await readUntil(conn, "hello");
    assertStringIncludes(text, "Upgrade: test\r\nConnection: upgrade\r\n");
    await writeAll(conn, "after");
    assertEquals(await readUntil(conn, "AFTER"), "EARLY AND AFTER");
  });
}

Deno.test("http() passes trailers on, but only the data to HTTP/1.0", async () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n";
  await using origin = startOrigin(chunked, chunked);
  await using proxy = await startTestProxy();
  const text = await ask(proxy, get(origin, CLOSE));
  assert(text.endsWith("\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"), text);
  const old = await ask(proxy, get(origin).replace("HTTP/1.1", "HTTP/1.0"));
  assert(old.endsWith("\r\n\r\nok"), old);
  assert(!old.includes("chunked"), old);
});

for (
  const [name, method, answer] of [
    ["HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["204", "GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["304", "GET", "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"],
    ["103 and 200", "GET", `HTTP/1.1 103 Early\r\nLink: x\r\n\r\n${OK}`],
  ] as const
) {
  Deno.test(`http() finds the end of an answer to ${name}`, async () => {
    await using origin = startOrigin(answer, OK);
    await using proxy = await startTestProxy();
    const text = await ask(proxy, get(origin, "", method) + get(origin, CLOSE));
    assertEquals(text.split("HTTP/1.1 ").length, name.includes("and") ? 4 : 3);
    assert(text.endsWith("ok"), text);
    assertEquals(origin.accepted, 1);
  });
}

Deno.test("http() passes an answer on that ends with its connection", async () => {
  await using origin = startOrigin("HTTP/1.0 200 OK\r\n\r\nto the end");
  await using proxy = await startTestProxy();
  const text = await ask(proxy, get(origin));
  assertStringIncludes(text, "Connection: close\r\n");
  assert(text.endsWith("to the end"), text);
});

Deno.test("http() sends the head of an answer before its body arrives, or both in one write", async () => {
  const [head] = OK.split("ok");
  const go = Promise.withResolvers<void>();
  await using origin = startServer(async (conn) => {
    await readUntil(conn, "\r\n\r\n");
    await writeAll(conn, head!);
    await go.promise;
    await writeAll(conn, "ok");
    await readUntil(conn, "\r\n\r\n");
    await writeAll(conn, OK);
  });
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await writeAll(conn, get(origin));
  assertStringIncludes(await readUntil(conn, "\r\n\r\n"), "200 OK");
  go.resolve();
  await readUntil(conn, "ok");
  await writeAll(conn, get(origin));
  const bytes = new Uint8Array(1024);
  const count = await within(5_000, conn.read(bytes));
  assert(decoder.decode(bytes.subarray(0, count!)).endsWith("\r\n\r\nok"));
});

Deno.test("http() passes 100 Continue on from the origin", async () => {
  await using origin = startServer(async (conn) => {
    await readUntil(conn, "\r\n\r\n");
    await writeAll(conn, "HTTP/1.1 100 Continue\r\n\r\n");
    assertEquals(await readUntil(conn, "body"), "body");
    await writeAll(conn, OK);
  });
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  const expect = "Expect: 100-continue\r\nContent-Length: 4\r\n" + CLOSE;
  await writeAll(conn, get(origin, expect, "POST"));
  assertStringIncludes(await readUntil(conn, "\r\n\r\n"), " 100 Continue");
  await writeAll(conn, "body");
  assertStringIncludes(await readAll(conn), "200 OK");
});

Deno.test("http() does not wait for a body that the origin refuses", async () => {
  await using origin = startOrigin(
    "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n",
  );
  await using proxy = await startTestProxy();
  const expect = "Expect: 100-continue\r\nContent-Length: 4\r\n";
  const text = await ask(proxy, get(origin, expect, "POST"));
  assertStringIncludes(text, "HTTP/1.1 417 No");
  assertStringIncludes(text, "Connection: close");
});

Deno.test("http() ends the origin's connection when the client resets", async () => {
  const ended = Promise.withResolvers<void>();
  await using origin = startServer(async (conn) => {
    await readUntil(conn, "\r\n\r\n");
    asked.resolve();
    await readToEnd(conn);
    ended.resolve();
  });
  const asked = Promise.withResolvers<void>();
  await using proxy = await startTestProxy();
  const socket = await connectResettable(proxy.addr);
  socket.write(get(origin));
  await within(5_000, asked.promise);
  socket.resetAndDestroy();
  await within(5_000, ended.promise);
  const [record] = await within(5_000, proxy.whenEnded(1));
  assertEquals([record!.result, record!.reason], [
    "cut",
    "client: connection reset",
  ]);
  assert(record!.sent > 50, "the head was sent");
});

Deno.test("http() lets a client that half-closes have its answer", async () => {
  const ended = Promise.withResolvers<void>();
  await using origin = startServer(async (conn) => {
    await readUntil(conn, "\r\n\r\n");
    await ended.promise;
    await writeAll(conn, OK);
  });
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await writeAll(conn, get(origin));
  await conn.closeWrite();
  ended.resolve();
  assertStringIncludes(await readAll(conn), "200 OK");
});

const LATE = { halfClose: 150, idle: 150 };
for (const isLeaving of [false, true]) {
  Deno.test(`http() says 504 when no answer comes ${isLeaving ? "after a half-close" : "in time"}`, async () => {
    await using origin = startServer((conn) => readToEnd(conn));
    await using proxy = await startTestProxy({
      timeouts: isLeaving ? { halfClose: LATE.halfClose } : { idle: LATE.idle },
    });
    using conn = await proxy.connect();
    await writeAll(conn, get(origin));
    if (isLeaving) await conn.closeWrite();
    assertStringIncludes(await readAll(conn), "HTTP/1.1 504 Gateway Timeout");
  });
}

const BAD_ANSWERS = [
  "",
  "SSH-2.0-x\r\n\r\n",
  "HTTP/1.1 200 OK\r\nA : 1\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Le",
  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n",
  `HTTP/1.1 200 OK\r\n${"A: 1\r\n".repeat(101)}\r\n`,
  "HTTP/1.1 103 X\r\n\r\n".repeat(100),
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
];

for (const answer of BAD_ANSWERS) {
  Deno.test(`http() says 502 when the origin says ${JSON.stringify(answer.slice(0, 60))}`, async () => {
    await using origin = startOrigin(answer);
    await using proxy = await startTestProxy();
    const text = await ask(proxy, get(origin));
    assertStringIncludes(text, "HTTP/1.1 502 Bad Gateway");
  });
}

Deno.test("http() closes if an answer ends too early", async () => {
  await using origin = startOrigin(
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
  );
  await using proxy = await startTestProxy();
  assert((await ask(proxy, get(origin))).endsWith("half"));
  const [record] = await proxy.whenEnded(1);
  assertEquals([record!.result, record!.reason], [
    "cut",
    "target: answer ended too early",
  ]);
});

Deno.test("http() carries 15 MB each way, whole", async () => {
  const body = pattern(15_000_000);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => new Response(request.body),
  );
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  const fields = `Content-Length: ${body.length}\r\n`;
  // To HTTP/1.0 the body comes without its chunks.
  const request = get(server, fields, "POST").replace("HTTP/1.1", "HTTP/1.0");
  await writeAll(conn, request);
  const [answer] = await Promise.all([
    within(20_000, readToEnd(conn)),
    (async () => {
      for (let n = 0; n < body.length;) n += await conn.write(body.subarray(n));
    })(),
  ]);
  const got = answer.subarray(answer.length - body.length);
  assertEquals(await sha256(got), await sha256(body));
});

Deno.test("http() reads no more of an answer than the client takes", async () => {
  const stalled = Promise.withResolvers<number>();
  await using origin = startServer(async (conn) => {
    await readUntil(conn, "\r\n\r\n");
    await writeAll(conn, "HTTP/1.1 200 OK\r\n\r\n");
    const chunk = new Uint8Array(256 * 1024);
    let count = 0;
    while (count < 200_000_000) {
      const written = await within(500, conn.write(chunk)).catch(() => 0);
      if (written === 0) break;
      count += written;
    }
    stalled.resolve(count);
  });
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  await writeAll(conn, get(origin));
  const count = await within(20_000, stalled.promise);
  assert(count < 50_000_000, `${count} bytes were taken`);
});

Deno.test("http() keeps a connection of HTTP/1.0 only if asked", async () => {
  await using origin = startOrigin(OK, OK);
  await using proxy = await startTestProxy();
  const old = (fields: string) =>
    get(origin, fields).replace("HTTP/1.1", "HTTP/1.0");
  const text = await ask(proxy, old("Connection: keep-alive\r\n") + old(""));
  assertEquals(text.match(/Connection: [a-z-]+/g), [
    "Connection: keep-alive",
    "Connection: close",
  ]);
});

const REFUSED: [name: string, text: string, status: number][] = [
  ["origin-form", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["https://", "GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 501],
  ["no Host", "GET http://x/ HTTP/1.1\r\n\r\n", 400],
  ["a Host that is none", "GET http://x/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
  ["HTTP/2.0", "GET http://x/ HTTP/2.0\r\n\r\n", 505],
  ["a long line", `GET http://x/${"x".repeat(9_000)}`, 414],
  ["a long head", `GET / HTTP/1.1\r\nA: ${"x".repeat(33_000)}`, 431],
  [
    "a CONNECT with a body",
    "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nContent-Length: 3\r\n\r\nabc",
    400,
  ],
  [
    "two ways to end",
    "POST http://x/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
  ],
  ["an unknown name", get2("nosuch.invalid:80"), 502],
  ["a closed port", get2(`127.0.0.1:${closedPort()}`), 502],
];

function get2(at: string): string {
  return `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\n\r\n`;
}

for (const [name, text, status] of REFUSED) {
  Deno.test(`http() says ${status} to ${name}, and closes`, async () => {
    await using proxy = await startTestProxy();
    const answer = await ask(proxy, text);
    assert(answer.startsWith(`HTTP/1.1 ${status} `), answer);
    assertStringIncludes(answer, "Connection: close\r\n");
  });
}

Deno.test("http() sends nothing on of a chunk that is malformed", async () => {
  const got = Promise.withResolvers<string>();
  await using origin = startServer(async (conn) => {
    got.resolve(await readAll(conn));
  });
  await using proxy = await startTestProxy();
  const fields = "Transfer-Encoding: chunked\r\n";
  const text = await ask(
    proxy,
    get(origin, fields, "POST") + "5x\r\nGET /smuggled",
  );
  assertStringIncludes(text, "HTTP/1.1 400 ");
  assert(!(await got.promise).includes("smuggled"));
});

const USERS = [{ name: "alice", password: "se:cret" }];

Deno.test("http() asks for credentials and takes them on the same connection", async () => {
  await using origin = startOrigin(OK);
  await using proxy = await startTestProxy({ users: USERS });
  const basic = `Proxy-Authorization: Basic ${btoa("alice:se:cret")}\r\n`;
  const text = await ask(proxy, get(origin) + get(origin, basic + CLOSE));
  assertStringIncludes(text, 'Proxy-Authenticate: Basic realm="sluice"\r\n');
  assert(text.startsWith("HTTP/1.1 407 "), text);
  assert(text.endsWith("ok"), text);
  assert(!origin.asked.join().includes("Authorization"));
  const ended = await proxy.whenEnded(2);
  assertEquals(ended[1]!.user, "alice");
});

Deno.test("http() says 407 to wrong credentials, and closes", async () => {
  await using proxy = await startTestProxy({ users: USERS });
  const basic = `Proxy-Authorization: Basic ${btoa("alice:wrong")}\r\n`;
  const at = "nosuch.invalid:80";
  const text = await ask(
    proxy,
    `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n${basic}\r\n`,
  );
  assert(text.startsWith("HTTP/1.1 407 "), text);
  assertStringIncludes(text, "Connection: close");
});

Deno.test("http() closes an idle connection at its limit, and when it drains", async () => {
  await using origin = startOrigin(OK, OK);
  await using brief = await startTestProxy({ timeouts: { idle: 200 } });
  assert((await ask(brief, get(origin))).endsWith("ok"));
  const proxy = await startTestProxy();
  using conn = await proxy.connect();
  await writeAll(conn, get(origin));
  await readUntil(conn, "ok");
  const [cut, rest] = await Promise.all([
    within(5_000, proxy.proxy.shutdown(4_000)),
    readAll(conn),
  ]);
  assertEquals([cut, rest], [0, ""]);
});
