import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  onlyConnection,
  run,
  type RunResult,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";
import { closedPort } from "../support/sockets.ts";

const PAGE = "through the proxy";
const USERS = [{ name: "alice", password: "se:cret" }];

/** Exit code of curl for a proxy that refuses; the reply code follows in brackets. */
const PROXY_REFUSES = 97;

interface Curl {
  path: string;
  proxy: TestProxy;
  url: string;
  /** How the proxy is given: `--socks5` or `--socks5-hostname`. */
  how?: string;
  more?: string[];
}

async function curl(
  { path, proxy, url, how = "--socks5-hostname", more = [] }: Curl,
): Promise<RunResult> {
  const { hostname, port } = proxy.addr;
  const at = hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
  // -q: without the user's configuration.
  return await run(path, ["-q", "-sS", how, at, ...more, url]);
}

testPrograms({
  name: "curl --socks5 asks for the address that it has resolved",
  needs: ["curl"],
  async fn({ curl: path }) {
    await using server = startHttp(() => new Response(PAGE));
    await using proxy = await startTestProxy();
    const { port } = server.addr;
    const { text, stderr } = await curl({
      path,
      proxy,
      url: `http://page.test:${port}/`,
      how: "--socks5",
      more: ["--resolve", `page.test:${port}:127.0.0.1`],
    });
    assertEquals(text, PAGE, stderr);
    const { target, result, received } = await onlyConnection(proxy);
    assertEquals(target, `127.0.0.1:${port}`);
    assertEquals(result, "ok");
    assertEquals(received > PAGE.length, true);
  },
});

testPrograms({
  name: "curl --socks5-hostname lets the proxy resolve the name",
  needs: ["curl"],
  async fn({ curl: path }) {
    await using server = startHttp(() => new Response(PAGE));
    await using proxy = await startTestProxy();
    const { port } = server.addr;
    const url = `http://localhost:${port}/`;
    const { text, stderr } = await curl({ path, proxy, url });
    assertEquals(text, PAGE, stderr);
    const { target, address, result } = await onlyConnection(proxy);
    assertEquals(target, `localhost:${port}`);
    assertEquals(address, `127.0.0.1:${port}`);
    assertEquals(result, "ok");
  },
});

testPrograms({
  name: "curl reaches an IPv6 target through an IPv6 listener",
  needs: ["curl"],
  async fn({ curl: path }) {
    await using server = startHttp(() => new Response(PAGE), "::1");
    await using proxy = await startTestProxy({
      listen: [{ host: "::1", port: 0 }],
    });
    const url = `http://[::1]:${server.addr.port}/`;
    const { text, stderr } = await curl({ path, proxy, url });
    assertEquals(text, PAGE, stderr);
    const { target, listener, result } = await onlyConnection(proxy);
    assertEquals(target, `[::1]:${server.addr.port}`);
    assertEquals(listener, `[::1]:${proxy.addr.port}`);
    assertEquals(result, "ok");
  },
});

testPrograms({
  name: "curl sends a body of 5 MB and gets it back",
  needs: ["curl"],
  async fn({ curl: path }) {
    await using server = startHttp((request) => new Response(request.body));
    await using proxy = await startTestProxy();
    const body = new Uint8Array(5_000_000).map((_, index) =>
      Math.imul(index, 0x9e3779b1) >>> 24
    );
    const { hostname, port } = proxy.addr;
    const { stdout, stderr } = await run(path, [
      ...["-q", "-sS", "--socks5", `${hostname}:${port}`],
      ...["--data-binary", "@-", `http://127.0.0.1:${server.addr.port}/`],
    ], { stdin: body });
    assertEquals(stdout.length, body.length, stderr);
    assertEquals(stdout.every((byte, index) => byte === body[index]), true);
    const { sent, received } = await onlyConnection(proxy);
    assertEquals(Math.min(sent, received) > body.length, true);
  },
});

testPrograms({
  name: "curl authenticates with user name and password",
  needs: ["curl"],
  async fn({ curl: path }) {
    await using server = startHttp(() => new Response(PAGE));
    await using proxy = await startTestProxy({ users: USERS });
    const { text, stderr } = await curl({
      path,
      proxy,
      url: `http://localhost:${server.addr.port}/`,
      more: ["--proxy-user", "alice:se:cret"],
    });
    assertEquals(text, PAGE, stderr);
    const { user, result } = await onlyConnection(proxy);
    assertEquals(user, "alice");
    assertEquals(result, "ok");
  },
});

for (
  const { name, more } of [
    {
      name: "with a wrong password",
      more: ["--proxy-user", "alice:wrong"],
    },
    { name: "without a password", more: [] },
  ]
) {
  testPrograms({
    name: `curl ${name} is refused before anything is dialled`,
    needs: ["curl"],
    async fn({ curl: path }) {
      await using proxy = await startTestProxy({ users: USERS });
      const url = "http://nosuch.invalid/";
      const { code, stderr } = await curl({ path, proxy, url, more });
      assertEquals(code, PROXY_REFUSES, stderr);
      const { result, target } = await onlyConnection(proxy);
      assertEquals(result, "refused");
      assertEquals(target, undefined);
    },
  });
}

for (
  const { name, url, reply } of [
    { name: "a port refuses", url: `http://127.0.0.1:`, reply: 5 },
    { name: "a host is unknown", url: "http://nosuch.invalid:", reply: 4 },
  ]
) {
  testPrograms({
    name: `curl is told ${reply} when ${name}`,
    needs: ["curl"],
    async fn({ curl: path }) {
      await using proxy = await startTestProxy();
      const port = closedPort();
      const { code, stderr } = await curl({ path, proxy, url: url + port });
      assertEquals(code, PROXY_REFUSES, stderr);
      assertStringIncludes(stderr, `(${reply})`);
      const { result, target } = await onlyConnection(proxy);
      assertEquals(result, "failed");
      assertEquals(target, `${new URL(url + port).host}`);
    },
  });
}
