import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseParent } from "../../../lib/wire/parent_url.ts";
import {
  assertBytes,
  eventually,
  exchange,
  join,
  nameRequest,
  readToEof,
} from "../../support/dialogue.ts";
import {
  GREETING,
  openTunnel,
  socks5Request,
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

function urlOf(scheme: string, { addr }: TestProxy, login = ""): string {
  return `${scheme}://${login}${addr.hostname}:${addr.port}`;
}

/** A proxy that goes through chains of URLs. */
function startVia(
  chains: string[][],
  config: SomeProxyConfig = {},
): Promise<TestProxy> {
  const via = chains.map((urls) => urls.map(parseParent));
  return startTestProxy({ ...config, parents: { via } });
}

async function ping(
  proxy: TestProxy,
  target: { hostname: string; port: number },
): Promise<void> {
  using conn = await within(5_000, openTunnel(proxy, target));
  await writeAll(conn, "ping");
  assertBytes(await within(5_000, readExactly(conn, 4)), [112, 105, 110, 103]);
}

Deno.test("openTarget() goes through a chain of three, and says so in the record", async () => {
  await using echo = startEcho();
  await using last = await startTestProxy({
    users: [{ name: "alice", password: "s3cret" }],
  });
  await using middle = await startTestProxy();
  await using first = await startTestProxy();
  const urls = [
    urlOf("socks5", first),
    urlOf("http", middle),
    urlOf("socks5h", last, "alice:s3cret@"),
  ];
  await using proxy = await startVia([urls]);
  await ping(proxy, echo.addr);
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.via, urls.join().replace("alice:s3cret@", ""));
  assertEquals(record!.address, `127.0.0.1:${first.addr.port}`);
  assertEquals([record!.sent, record!.received], [4, 4]);
  assertEquals((await last.whenEnded(1))[0]!.user, "alice");
});

Deno.test("openTarget() goes through parents for every protocol", async () => {
  await using origin = startServer(async (conn) => {
    await conn.read(new Uint8Array(4096));
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    await conn.closeWrite();
  });
  await using parent = await startTestProxy();
  await using proxy = await startVia([[urlOf("socks5h", parent)]]);
  const { port } = origin.addr;
  const requests = [
    `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
    `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\nGET`,
  ];
  for (const request of requests) {
    const bytes = await exchange(proxy, new TextEncoder().encode(request));
    assert(new TextDecoder().decode(bytes).endsWith("hi"));
  }
  assertEquals(
    parent.ended.length > 0 || await eventually(() => parent.ended.length > 0),
    true,
  );
});

Deno.test("openTarget() leaves names to parents that take them, unless rules want their addresses", async () => {
  await using echo = startEcho();
  const { port } = echo.addr;
  await using parent = await startTestProxy(answering(["127.0.0.1"]));
  const cases: { scheme: string; rules?: string; asked: string[] }[] = [
    { scheme: "socks5h", asked: [] },
    { scheme: "http", asked: [] },
    { scheme: "socks5", asked: ["made-up.example"] },
    {
      scheme: "socks5h",
      rules: "deny to 192.0.2.0/24",
      asked: ["made-up.example"],
    },
    { scheme: "socks5h", rules: "allow name made-up.example", asked: [] },
  ];
  for (const { scheme, rules, asked } of cases) {
    const here = answering(["127.0.0.1"]);
    await using proxy = await startVia([[urlOf(scheme, parent)]], {
      ...here,
      ...(rules === undefined ? {} : { rules: { current: rulesOf(rules) } }),
    });
    const request = join(GREETING, nameRequest("made-up.example", port));
    using conn = await proxy.connect();
    await writeAll(conn, request);
    const reply = await within(5_000, readExactly(conn, 12));
    assertEquals(reply[3], 0, scheme);
    assertEquals(here.asked, asked, `${scheme} ${rules ?? ""}`);
  }
});

Deno.test("openTarget() sends a guarded parent only addresses that were checked here", async () => {
  await using parent = await startTestProxy();
  const here = answering(["10.0.0.1"]);
  await using proxy = await startVia([[urlOf("socks5h", parent)]], {
    ...here,
    listen: [{ host: "0.0.0.0", port: 0 }],
    open: true,
  });
  using conn = await Deno.connect({ port: proxy.addr.port });
  await writeAll(conn, join(GREETING, nameRequest("rebound.example", 80)));
  assertEquals((await within(5_000, readToEof(conn)))[3], 2);
  assertEquals(here.asked, ["rebound.example"]);
  assertEquals(parent.proxy.connections, 0);
});

Deno.test("openTarget() passes on the last parent's answer about the target", async () => {
  await using parent = await startTestProxy({
    rules: { current: rulesOf("deny port 81") },
  });
  for (
    const [scheme, forbidden, refused] of [["socks5h", 2, 5], [
      "http",
      2,
      1,
    ]] as const
  ) {
    await using proxy = await startVia([[urlOf(scheme, parent)]]);
    const ask = (port: number) =>
      openTunnel(proxy, { hostname: "127.0.0.1", port });
    await assertRejects(() => ask(81), Error, `Refused with ${forbidden}`);
    const port = closedPort();
    await assertRejects(() => ask(port), Error, `Refused with ${refused}`);
    const target = { hostname: "nowhere.invalid", port: 80 };
    await assertRejects(
      () => openTunnel(proxy, target),
      Error,
      `Refused with ${scheme === "socks5h" ? 4 : 1}`,
    );
  }
});

Deno.test("openTarget() takes the next parent if one is down, and comes back to it", async () => {
  await using echo = startEcho();
  await using spare = await startTestProxy();
  const port = closedPort();
  const messages: string[] = [];
  await using proxy = await startVia(
    [[`socks5://127.0.0.1:${port}`], [urlOf("socks5", spare)]],
    {
      log: (event) => {
        if (event.event === "message") messages.push(event.message);
      },
    },
  );
  for (let n = 0; n < 4; n++) await ping(proxy, echo.addr);
  assertEquals((await spare.whenEnded(4)).length, 4);
  const down = `Parent socks5://127.0.0.1:${port} is down: `;
  assertEquals(messages.filter((text) => text.startsWith(down)).length, 1);
});

Deno.test("openTarget() says why its only parent fails, every time", async () => {
  await using proxy = await startVia([[`http://127.0.0.1:${closedPort()}`]]);
  const target = { hostname: "127.0.0.1", port: 9 };
  for (let n = 0; n < 5; n++) {
    await assertRejects(() => openTunnel(proxy, target), Error, "with 1");
  }
  for (const { result, reason } of await proxy.whenEnded(5)) {
    assertEquals(result, "failed");
    assert(/Cannot connect through/.test(reason), reason);
  }
});

Deno.test("openTarget() goes through the parent that a rule names", async () => {
  await using echo = startEcho();
  await using a = await startTestProxy();
  await using b = await startTestProxy();
  const rules = rulesOf(
    [
      `allow port ${echo.addr.port} client 127.0.0.1 name by-a.example via a`,
      "allow name direct.example via direct",
    ].join("\n"),
    { parents: new Set(["a"]) },
  );
  const names = answering(["127.0.0.1"]);
  await using proxy = await startTestProxy({
    ...names,
    rules: { current: rules },
    parents: {
      via: [[parseParent(urlOf("socks5", b))]],
      named: [{ name: "a", parents: [parseParent(urlOf("socks5", a))] }],
    },
  });
  const target = (hostname: string) => ({ hostname, port: echo.addr.port });
  await ping(proxy, target("by-a.example"));
  await ping(proxy, target("other.example"));
  await ping(proxy, target("direct.example"));
  const ended = await proxy.whenEnded(3);
  assertEquals(ended.map(({ target, via }) => [target!.split(".")[0], via]), [
    ["by-a", urlOf("socks5", a)],
    ["other", urlOf("socks5", b)],
    ["direct", undefined],
  ]);
});

Deno.test("openTarget() takes no BIND around parents", async () => {
  await using parent = await startTestProxy();
  await using proxy = await startVia([[urlOf("socks5", parent)]]);
  const request = socks5Request(2, "0.0.0.0", 0);
  assertEquals((await exchange(proxy, join(GREETING, request)))[3], 2);
});

Deno.test("openTarget() sends the PROXY header to the configured targets", async () => {
  const heads: string[] = [];
  await using target = startServer(async (conn) => {
    const buffer = new Uint8Array(1024);
    let text = "";
    while (!text.includes("ping")) {
      const count = await conn.read(buffer);
      if (count === null) break;
      text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    }
    heads.push(text);
    await writeAll(conn, "ping");
  });
  for (const sendProxy of ["v1", "v2"] as const) {
    await using proxy = await startTestProxy({ sendProxy });
    await ping(proxy, target.addr);
    const [record] = await proxy.whenEnded(1);
    const head = heads.pop()!;
    if (sendProxy === "v1") {
      const [, client] = record!.client.split(":");
      assertEquals(
        head,
        `PROXY TCP4 127.0.0.1 127.0.0.1 ${client} ${proxy.addr.port}\r\nping`,
      );
    } else {
      assert(head.startsWith("\r\n\r\n\0\r\nQUIT\n"), head);
      assert(record!.id !== undefined && head.includes(record!.id));
    }
    assertEquals([record!.sent, record!.received], [4, 4]);
  }
});
