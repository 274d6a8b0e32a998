import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startTls } from "../../../lib/net/tls/start.ts";
import { parseParent } from "../../../lib/wire/parent_url.ts";
import { eventually, readToEof } from "../../support/dialogue.ts";
import {
  type AnswerRequest,
  type HttpParent,
  okAnswer,
  startHttpParent,
} from "./http_parent.ts";
import {
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { serverTls, startTlsProxy } from "../../support/tls_proxy.ts";

const decoder = new TextDecoder("latin1");

/** A proxy that goes through chains of URLs. */
function startVia(
  chains: string[][],
  config: SomeProxyConfig = {},
): Promise<TestProxy> {
  const via = chains.map((urls) => urls.map(parseParent));
  const { method = undefined } = config.parents ?? {};
  const parents = method === undefined ? { via } : { via, method };
  return startTestProxy({ ...config, parents });
}

function get(host: string, fields: string[] = [], method = "GET"): string {
  const lines = [`${method} http://${host}/ HTTP/1.1`, `Host: ${host}`];
  return [...lines, ...fields, "", ""].join("\r\n");
}

/** Reads one answer with a length. */
async function readAnswer(conn: Deno.Conn): Promise<string> {
  return await within(
    5_000,
    (async () => {
      let head = "";
      while (!head.endsWith("\r\n\r\n")) {
        head += decoder.decode(await readExactly(conn, 1));
      }
      const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
      return head +
        decoder.decode(await readExactly(conn, Number(length ?? 0)));
    })(),
  );
}

/** Asks on a connection and reads one answer. */
async function ask(conn: Deno.Conn, request: string): Promise<string> {
  await writeAll(conn, request);
  return await readAnswer(conn);
}

/** Asks on a connection of its own and reads to its end. */
async function askAlone(proxy: TestProxy, request: string): Promise<string> {
  using conn = await proxy.connect();
  await writeAll(conn, request);
  return decoder.decode(await within(5_000, readToEof(conn)));
}

function linesOf({ requests }: HttpParent): string[] {
  return requests.map(({ connection, line }) => `${connection} ${line}`);
}

/** Answers everything in one way. */
function saying(text: string, isKept = true): AnswerRequest {
  return async (_, conn) => {
    await writeAll(conn, text);
    return isKept;
  };
}

Deno.test("httpExchange() gives an HTTP parent the absolute form, with its own credentials", async () => {
  await using parent = startHttpParent();
  const url = parent.url.replace("//", "//alice:s%20cret@");
  await using proxy = await startVia([[url]], {
    users: [{ name: "bob", password: "own" }],
  });
  const fields = [
    `Proxy-Authorization: Basic ${btoa("bob:own")}`,
    "Proxy-Connection: keep-alive",
    "Connection: X-Own",
    "X-Own: 1",
    "X-Kept: 2",
  ];
  using conn = await proxy.connect();
  const answer = await ask(conn, get("Made-Up.example:8080", fields));
  assertStringIncludes(answer, "HTTP/1.1 200 OK\r\n");
  assertEquals(parent.requests, [{
    connection: 1,
    line: "GET http://Made-Up.example:8080/ HTTP/1.1",
    fields: [
      "Host: Made-Up.example:8080",
      "X-Kept: 2",
      `Proxy-Authorization: Basic ${btoa("alice:s cret")}`,
      "Via: 1.1 sluice",
    ],
    body: "",
  }]);
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.via, parent.url);
  assertEquals(record!.address, parent.url.slice("http://".length));
  assertEquals(record!.target, "Made-Up.example:8080");
  assertEquals([record!.result, record!.reason], ["ok", "GET 200"]);
});

Deno.test("Origins.open() has one connection to a parent for all that a client asks for", async () => {
  await using parent = startHttpParent();
  await using proxy = await startVia([[parent.url]]);
  using one = await proxy.connect();
  using other = await proxy.connect();
  await ask(one, get("a.example"));
  await ask(one, get("b.example:81"));
  await ask(other, get("a.example"));
  await ask(one, get("a.example", [], "HEAD").replace("HEAD", "DELETE"));
  assertEquals(linesOf(parent), [
    "1 GET http://a.example/ HTTP/1.1",
    "1 GET http://b.example:81/ HTTP/1.1",
    "2 GET http://a.example/ HTTP/1.1",
    "1 DELETE http://a.example/ HTTP/1.1",
  ]);
});

Deno.test("Origins.open() keeps tunnels and whole requests apart", async () => {
  const upgraded =
    "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
  const tunnels = new Set<number>();
  await using parent = startHttpParent(
    async ({ connection, fields, line }, conn) => {
      if (line.startsWith("CONNECT")) {
        tunnels.add(connection);
        await writeAll(conn, "HTTP/1.1 200 OK\r\n\r\n");
      } else if (fields.some((field) => field.startsWith("Upgrade: "))) {
        // The first time it would rather not.
        const isKept = tunnels.size === 1;
        await writeAll(conn, isKept ? okAnswer("no") : upgraded);
        return isKept;
      } else await writeAll(conn, okAnswer("ok"));
      return true;
    },
  );
  await using proxy = await startVia([[parent.url]]);
  const upgrade = ["Connection: upgrade", "Upgrade: x"];
  using conn = await proxy.connect();
  await ask(conn, get("a.example"));
  await ask(conn, get("a.example", upgrade));
  await ask(conn, get("b.example"));
  assertStringIncludes(await ask(conn, get("c.example", upgrade)), " 101 ");
  await within(5_000, readToEnd(conn));
  using tunnel = await proxy.connect();
  await writeAll(tunnel, "CONNECT a.example:80 HTTP/1.1\r\n\r\n");
  await within(5_000, readExactly(tunnel, 10));
  assertEquals(linesOf(parent), [
    "1 GET http://a.example/ HTTP/1.1",
    "2 CONNECT a.example:80 HTTP/1.1",
    "2 GET / HTTP/1.1",
    "1 GET http://b.example/ HTTP/1.1",
    "3 CONNECT c.example:80 HTTP/1.1",
    "3 GET / HTTP/1.1",
    "4 CONNECT a.example:80 HTTP/1.1",
  ]);
});

Deno.test("httpExchange() asks a parent for no other protocol, and takes none", async () => {
  await using parent = startHttpParent(
    saying("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
  );
  await using proxy = await startVia([[parent.url]]);
  const answer = await askAlone(
    proxy,
    get("a.example", [
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAAQAAP__",
    ]),
  );
  assertStringIncludes(answer, "HTTP/1.1 502 ");
  assertStringIncludes(answer, "without being asked");
  const [{ fields, line }] = parent.requests as [HttpParent["requests"][0]];
  assertEquals(line, "GET http://a.example/ HTTP/1.1");
  assertEquals(fields, ["Host: a.example", "Via: 1.1 sluice"]);
});

for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked"]) {
  Deno.test(`httpExchange() sends a parent bodies with ${framing}, one after the other`, async () => {
    await using parent = startHttpParent();
    await using proxy = await startVia([[parent.url]]);
    const isChunked = framing.includes("chunked");
    using conn = await proxy.connect();
    for (const body of ["hello", "world"]) {
      const sent = isChunked ? `5\r\n${body}\r\n0\r\n\r\n` : body;
      await ask(conn, get("a.example", [framing], "POST") + sent);
    }
    assertEquals(
      parent.requests.map(({ body, connection }) => {
        return [connection, body.replace(/\d\r\n|\r\n/g, "")];
      }),
      [[1, "hello"], [1, "world"]],
    );
  });
}

for (const isCounted of [true, false]) {
  const how = isCounted ? "its length" : "the end of the connection";
  Deno.test(`httpExchange() passes on 8 MB from a parent, up to ${how}`, async () => {
    const body = new Uint8Array(8_000_000).fill(0x61);
    const length = isCounted ? `Content-Length: ${body.length}\r\n` : "";
    await using parent = startHttpParent(async (_, conn) => {
      await writeAll(conn, `HTTP/1.1 200 OK\r\n${length}\r\n`);
      await writeAll(conn, body);
      return isCounted;
    });
    await using proxy = await startVia([[parent.url]]);
    const close = ["Connection: close"];
    const answer = await askAlone(proxy, get("a.example", close));
    assertEquals(answer.split("\r\n\r\n")[1]!.length, body.length);
    assertEquals((await proxy.whenEnded(1))[0]!.result, "ok");
  });
}

Deno.test("Origins.open() dials again when a parent has ended its idle connection", async () => {
  const go = Promise.withResolvers<void>();
  await using parent = startHttpParent(async ({ connection }, conn) => {
    await writeAll(conn, okAnswer("ok"));
    if (connection === 1) await go.promise;
    return connection > 1;
  });
  await using proxy = await startVia([[parent.url]]);
  using conn = await proxy.connect();
  await ask(conn, get("a.example"));
  go.resolve();
  await ask(conn, get("b.example"));
  assertEquals(linesOf(parent).length, 2);
  assertEquals(parent.accepted, 2);
});

Deno.test("httpExchange() asks again when a parent ends a used connection for an answer", async () => {
  await using parent = startHttpParent(async ({ connection, line }, conn) => {
    if (connection === 1 && line.includes("b.example")) return false;
    await writeAll(conn, okAnswer("ok"));
    return true;
  });
  await using proxy = await startVia([[parent.url]]);
  using conn = await proxy.connect();
  await ask(conn, get("a.example"));
  assertStringIncludes(await ask(conn, get("b.example")), " 200 ");
  assertEquals(linesOf(parent), [
    "1 GET http://a.example/ HTTP/1.1",
    "1 GET http://b.example/ HTTP/1.1",
    "2 GET http://b.example/ HTTP/1.1",
  ]);
});

Deno.test("httpExchange() names the parent without an answer, and cuts an incomplete answer", async () => {
  await using silent = startHttpParent(() => Promise.resolve(false));
  await using early = startHttpParent(
    saying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", false),
  );
  await using first = await startVia([[silent.url]]);
  const answer = await askAlone(first, get("a.example"));
  assertStringIncludes(answer, "HTTP/1.1 502 ");
  const why =
    `No answer from a.example:80 through ${silent.url}: it closed the connection`;
  assertStringIncludes(answer, why);
  assertEquals((await first.whenEnded(1))[0]!.reason, why);
  await using second = await startVia([[early.url]]);
  assert((await askAlone(second, get("a.example"))).endsWith("hi"));
  const [record] = await second.whenEnded(1);
  assertEquals(record!.reason, "target: answer ended too early");
});

Deno.test("httpExchange() passes on a parent's answer before it has the body", async () => {
  await using parent = startServer(async (conn) => {
    await conn.read(new Uint8Array(4096));
    const body = "too much";
    await writeAll(conn, okAnswer(body).replace("200 OK", "413 Too"));
    await conn.closeWrite();
    await readToEnd(conn);
  });
  await using proxy = await startVia([[
    `http://127.0.0.1:${parent.addr.port}`,
  ]]);
  const body = "x".repeat(4_000_000);
  const length = [`Content-Length: ${body.length}`];
  const answer = await askAlone(
    proxy,
    get("a.example", length, "POST") + body,
  );
  assertStringIncludes(answer, "HTTP/1.1 413 Too\r\n");
  assert(answer.endsWith("too much"));
});

for (const status of [403, 500, 503]) {
  Deno.test(`httpExchange() passes on what a parent says with ${status}`, async () => {
    const body = "squid says no";
    await using parent = startHttpParent(
      saying(okAnswer(body).replace("200 OK", `${status} So`)),
    );
    await using proxy = await startVia([[parent.url]]);
    using conn = await proxy.connect();
    for (let n = 0; n < 4; n++) {
      const answer = await ask(conn, get("a.example"));
      assertStringIncludes(answer, `HTTP/1.1 ${status} So\r\n`);
      assert(answer.endsWith(body));
    }
    assertEquals(parent.accepted, 1);
    for (const { reason, result } of await proxy.whenEnded(4)) {
      assertEquals([result, reason], ["ok", `GET ${status}`]);
    }
  });
}

const NOT_KNOWN = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n" +
  "Content-Length: 0\r\n\r\n";

for (
  const [method, fields, body] of [
    ["GET", [], ""],
    ["POST", ["Content-Length: 2"], "hi"],
  ] as const
) {
  Deno.test(`httpExchange() answers ${method} with 502 when the parent wants a login`, async () => {
    await using parent = startHttpParent(saying(NOT_KNOWN));
    await using proxy = await startVia([[parent.url]]);
    const request = get("a.example", [...fields], method) + body;
    const answer = await askAlone(proxy, request);
    assertStringIncludes(answer, "HTTP/1.1 502 ");
    assertEquals(/proxy-authenticate/i.test(answer), false);
    const [record] = await proxy.whenEnded(1);
    assertEquals(record!.result, "failed");
    assertEquals([record!.address, record!.via], [undefined, undefined]);
    assertEquals(
      record!.reason,
      `Cannot reach a.example:80 through ${parent.url}: 407 Who`,
    );
  });
}

Deno.test("httpExchange() takes the next parent when one wants a login or is down", async () => {
  await using strict = startHttpParent(saying(NOT_KNOWN));
  await using spare = startHttpParent();
  const dead = `http://127.0.0.1:${closedPort()}`;
  await using proxy = await startVia([[dead], [strict.url], [spare.url]]);
  using conn = await proxy.connect();
  for (let n = 0; n < 5; n++) {
    assertStringIncludes(await ask(conn, get("a.example")), " 200 ");
  }
  assertEquals([strict.requests.length, spare.requests.length], [5, 5]);
  assertEquals(spare.accepted, 1);
  assertEquals(
    new Set((await proxy.whenEnded(5)).map(({ via }) => via)),
    new Set([spare.url]),
  );
});

Deno.test("Origins.open() has a connection for each chain that is chosen in turn", async () => {
  await using a = startHttpParent();
  await using b = startHttpParent();
  await using proxy = await startVia([[a.url], [b.url]], {
    parents: { method: "round-robin" },
  });
  using conn = await proxy.connect();
  for (let n = 0; n < 6; n++) await ask(conn, get(`${n}.example`));
  assertEquals([a.requests.length, b.requests.length], [3, 3]);
  assertEquals([a.accepted, b.accepted], [1, 1]);
});

Deno.test("dialChain() gives the last parent alone the absolute form", async () => {
  await using last = startHttpParent();
  await using other = await startTestProxy();
  await using another = await startTestProxy();
  const url = (scheme: string, { addr }: TestProxy) =>
    `${scheme}://127.0.0.1:${addr.port}`;
  const ways = [
    [url("socks5", other)],
    [url("socks4a", other)],
    [url("http", other)],
    [url("http", other), url("socks5h", another)],
  ];
  for (const way of ways) {
    const chain = [...way, last.url];
    await using proxy = await startVia([chain]);
    using conn = await proxy.connect();
    await ask(conn, get("a.example"));
    const answer = await ask(conn, get("b.example"));
    assertStringIncludes(answer, "GET http://b.example/ HTTP/1.1;");
    const ended = await proxy.whenEnded(2);
    assertEquals(ended.map(({ via }) => via), [chain.join(), chain.join()]);
  }
  assertEquals(last.accepted, ways.length);
  assertEquals(last.requests.length, 2 * ways.length);
  assertEquals(
    (await other.whenEnded(4)).map(({ protocol }) => protocol),
    ["socks5", "socks4", "http-connect", "http-connect"],
  );
  assertEquals((await another.whenEnded(1))[0]!.protocol, "socks5");
});

Deno.test("dialChain() asks an HTTP parent before the last one for a tunnel", async () => {
  await using origin = startHttpParent();
  await using first = await startTestProxy();
  await using last = await startTestProxy();
  await using proxy = await startVia([[
    `http://127.0.0.1:${first.addr.port}`,
    `socks5h://127.0.0.1:${last.addr.port}`,
  ]]);
  using conn = await proxy.connect();
  await ask(conn, get(`127.0.0.1:${origin.addr.port}`));
  assertEquals(linesOf(origin), ["1 GET / HTTP/1.1"]);
});

Deno.test("httpExchange() gives an https parent the absolute form within TLS", async () => {
  await using origin = startHttpParent();
  await using parent = await startTlsProxy({ tls: serverTls });
  await using proxy = await startVia(
    [[`https://127.0.0.1:${parent.proxy.addr.port}`]],
    {
      startTls: (connection) =>
        startTls(connection, {
          host: "localhost",
          verify: () => Promise.resolve(),
          authorities: parent.authority.authority.certificate,
        }),
    },
  );
  using conn = await proxy.connect();
  for (let n = 0; n < 2; n++) {
    await ask(conn, get(`127.0.0.1:${origin.addr.port}`));
  }
  assertEquals(linesOf(origin).length, 2);
  const ended = await parent.proxy.whenEnded(2);
  assertEquals(ended.map(({ protocol }) => protocol), ["http", "http"]);
  assertEquals(parent.proxy.proxy.connections, 1);
});

Deno.test("Origins.open() puts every request to the rules, on an open connection too", async () => {
  await using parent = startHttpParent();
  const rules = { current: rulesOf("deny name *.bad.example") };
  await using proxy = await startVia([[parent.url]], { rules });
  using conn = await proxy.connect();
  await ask(conn, get("a.example"));
  assertStringIncludes(await ask(conn, get("x.bad.example")), " 403 ");
  assertEquals(parent.requests.length, 1);
});

Deno.test("openTarget() gives a guarded parent's whole requests to addresses alone", async () => {
  await using parent = startHttpParent(async ({ line }, conn) => {
    const isTunnel = line.startsWith("CONNECT");
    await writeAll(
      conn,
      isTunnel ? "HTTP/1.1 200 OK\r\n\r\n" : okAnswer("ok"),
    );
  });
  const here = answering(["192.88.0.1"], ["192.88.0.1"], ["10.0.0.1"]);
  await using proxy = await startVia([[parent.url]], {
    ...here,
    listen: [{ host: "0.0.0.0", port: 0 }],
    open: true,
  });
  using conn = await Deno.connect({ port: proxy.addr.port });
  assertStringIncludes(await ask(conn, get("192.88.0.2")), " 200 ");
  assertStringIncludes(await ask(conn, get("a.example")), " 200 ");
  assertStringIncludes(await ask(conn, get("192.88.0.3")), " 200 ");
  const refused = await ask(conn, get("10.0.0.1"));
  assertStringIncludes(refused, " 403 ");
  assertEquals(linesOf(parent), [
    "1 GET http://192.88.0.2/ HTTP/1.1",
    "2 CONNECT 192.88.0.1:80 HTTP/1.1",
    "2 GET / HTTP/1.1",
    "1 GET http://192.88.0.3/ HTTP/1.1",
  ]);
});

Deno.test("openTarget() asks for a tunnel if the target gets the PROXY header", async () => {
  await using parent = startServer(async (conn) => {
    const head = decoder.decode(await readExactly(conn, 7));
    await readExactly(conn, "CONNECT a.example:80".length - 7);
    assertEquals(head, "CONNECT");
    await writeAll(conn, "HTTP/1.1 200 OK\r\n\r\n");
    let text = "";
    while (!text.includes("GET / HTTP/1.1")) {
      text += decoder.decode(await readExactly(conn, 1));
    }
    await writeAll(conn, okAnswer(String(text.includes("PROXY TCP4 "))));
  });
  await using proxy = await startVia(
    [[`http://127.0.0.1:${parent.addr.port}`]],
    { sendProxy: "v1" },
  );
  const close = ["Connection: close"];
  const answer = await askAlone(proxy, get("a.example", close));
  assert(answer.endsWith("true"), answer);
});

Deno.test("Origins[Symbol.dispose]() ends the connection to a parent when the client leaves", async () => {
  let open = 0;
  await using parent = startHttpParent(async (_, conn) => {
    open++;
    await writeAll(conn, okAnswer("ok"));
    await readToEnd(conn);
    open--;
    return false;
  });
  await using proxy = await startVia([[parent.url]]);
  using conn = await proxy.connect();
  await ask(conn, get("a.example"));
  assertEquals(open, 1);
  conn.close();
  assert(await eventually(() => open === 0));
});
