import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ChainOptions, dialChain } from "../../lib/net/chain.ts";
import { dial } from "../../lib/net/dial.ts";
import { DialError, type DialErrorKind } from "../../lib/net/dial_error.ts";
import { Resolver } from "../../lib/net/names/resolver.ts";
import { Context } from "../../lib/sync/context.ts";
import { parseHost } from "../../lib/wire/host_name.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { parseParent } from "../../lib/wire/parent_url.ts";
import { assertBytes, readToEof } from "../support/dialogue.ts";
import { nextBytes } from "../support/next_bytes.ts";
import { startTestProxy } from "../support/proxy.ts";
import {
  closedPort,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";

const resolver = new Resolver();

const OPTIONS: ChainOptions = {
  dial: async (host, port, context) => {
    const addresses = await resolver.resolve(parseHost(host), context);
    return await dial(addresses, port, context);
  },
  resolve: (name, context) => resolver.resolve(name, context),
  startTls: () => Promise.reject(new Error("no TLS here")),
};

function open(
  urls: string[],
  host: string,
  port: number,
  options: Partial<ChainOptions> = {},
) {
  const target = { host: parseHost(host), port };
  return dialChain(urls.map(parseParent), target, new Context(), {
    ...OPTIONS,
    ...options,
  });
}

/** A parent that answers with given bytes, whatever it is asked. */
function startAnswering(...answers: (string | number[])[]) {
  return startServer(async (conn) => {
    for (const answer of answers) {
      await conn.read(new Uint8Array(4096));
      await writeAll(conn, answer);
    }
    await readToEof(conn);
  });
}

Deno.test("dialChain() goes through parents of every scheme, to names and addresses", async () => {
  await using echo = startEcho();
  const schemes = ["socks5", "socks5h", "socks4", "socks4a", "http"];
  // A listener each: none may come twice on one way.
  const listen = schemes.map(() => ({ host: "127.0.0.1", port: 0 }));
  await using started = await startTestProxy({ listen });
  const ports = started.proxy.listeners.map(({ addr }) => addr.port);
  const all = (host: string) =>
    schemes.map((scheme, index) => `${scheme}://${host}:${ports[index]}`);
  const ways = [
    ...all("127.0.0.1").map((url) => [url]),
    all("127.0.0.1"),
    all("localhost").toReversed(),
  ];
  for (const urls of ways) {
    for (const host of ["127.0.0.1", "localhost"]) {
      const { connection, duplex } = await within(
        5_000,
        open(urls, host, echo.addr.port),
      );
      await duplex.write(new TextEncoder().encode("ping"));
      const reader = duplex.readable.getReader();
      const { value } = await within(5_000, reader.read());
      assertBytes(value!, [112, 105, 110, 103]);
      connection[Symbol.dispose]();
    }
  }
});

Deno.test("dialChain() logs in if the parent asks for it", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({
    users: [{ name: "alice", password: "a:b@c" }],
  });
  const { port } = proxy.addr;
  for (const scheme of ["socks5", "socks5h", "http"]) {
    const urls = [`${scheme}://alice:a%3Ab%40c@127.0.0.1:${port}`];
    const { connection } = await open(urls, "127.0.0.1", echo.addr.port);
    connection[Symbol.dispose]();
    for (const login of ["", "alice:wrong@", "bob:a:b@c@"]) {
      const error = await assertRejects(
        () => open([`${scheme}://${login}127.0.0.1:${port}`], "127.0.0.1", 9),
        DialError,
      );
      assertEquals(error.kind, "parent failed");
      assertEquals(error.message.includes("wrong"), false);
    }
  }
});

Deno.test("dialChain() leaves the target's first bytes in the stream", async () => {
  const replies: [string, string | number[]][] = [
    ["socks4", [0, 90, 0, 0, 0, 0, 0, 0, 104, 105]],
    ["http", "HTTP/1.1 103 Early\r\n\r\nHTTP/1.0 200\r\nX: y\r\n\r\nhi"],
  ];
  for (const [scheme, reply] of replies) {
    await using parent = startAnswering(reply);
    const urls = [`${scheme}://127.0.0.1:${parent.addr.port}`];
    const { connection, duplex } = await open(urls, "192.0.2.1", 80);
    const reader = duplex.readable.getReader();
    assertBytes((await within(5_000, reader.read())).value!, [104, 105]);
    connection[Symbol.dispose]();
  }
});

Deno.test("dialChain() throws the last parent's answer about the target", async () => {
  const socks5: [number, DialErrorKind][] = [
    [1, "failed"],
    [2, "forbidden"],
    [3, "network unreachable"],
    [4, "host unreachable"],
    [5, "refused"],
    [6, "timeout"],
    [7, "failed"],
    [8, "failed"],
    [255, "failed"],
  ];
  const cases: [string, (string | number[])[], DialErrorKind][] = [
    ...socks5.map(([reply, kind]) =>
      [
        "socks5h",
        [[5, 0], [5, reply, 0, 1, 0, 0, 0, 0, 0, 0]],
        kind,
      ] as [string, number[][], DialErrorKind]
    ),
    ["socks4a", [[0, 91, 0, 0, 0, 0, 0, 0]], "failed"],
    ["socks4a", [[0, 92, 0, 0, 0, 0, 0, 0]], "parent failed"],
    ["http", ["HTTP/1.1 403 Forbidden\r\n\r\n"], "forbidden"],
    ["http", ["HTTP/1.1 407 No\r\n\r\n"], "parent failed"],
    ["http", ["HTTP/1.1 502 Bad Gateway\r\n\r\n"], "failed"],
    ["http", ["HTTP/1.1 504 Gateway Timeout\r\n\r\n"], "timeout"],
  ];
  for (const [scheme, answers, kind] of cases) {
    await using parent = startAnswering(...answers);
    const urls = [`${scheme}://127.0.0.1:${parent.addr.port}`];
    const error = await assertRejects(
      () => open(urls, "example.com", 80),
      DialError,
    );
    assertEquals(error.kind, kind, JSON.stringify(answers));
  }
});

Deno.test("dialChain() reads replies with every address type, byte by byte", async () => {
  const replies = [
    [5, 0, 0, 1, 1, 2, 3, 4, 0, 80],
    [5, 0, 0, 4, ...new Array<number>(18).fill(1)],
    [5, 0, 0, 3, 3, 97, 98, 99, 0, 80],
    [5, 0, 0, 3, 0, 0, 80],
  ];
  for (const reply of replies) {
    await using parent = startServer(async (conn) => {
      await conn.read(new Uint8Array(100));
      for (const byte of [5, 0]) await writeAll(conn, [byte]);
      await conn.read(new Uint8Array(100));
      for (const byte of [...reply, 33]) await writeAll(conn, [byte]);
      await readToEof(conn);
    });
    const urls = [`socks5h://127.0.0.1:${parent.addr.port}`];
    const { connection, duplex } = await within(
      5_000,
      open(urls, "example.com", 80),
    );
    assertBytes((await within(5_000, nextBytes(duplex)))!, [33]);
    connection[Symbol.dispose]();
  }
});

Deno.test("dialChain() says that a parent failed, and which", async () => {
  const port = closedPort();
  await using proxy = await startTestProxy();
  const at = `socks5://127.0.0.1:${proxy.addr.port}`;
  for (
    const urls of [[`http://127.0.0.1:${port}`], [
      at,
      `http://127.0.0.1:${port}`,
    ]]
  ) {
    const error = await assertRejects(
      () => open(urls, "127.0.0.1", 9),
      DialError,
      `${port}`,
    );
    assertEquals(error.kind, "parent failed");
  }
});

Deno.test("dialChain() names a parent once whose TLS fails, as the first or a later one", async () => {
  await using proxy = await startTestProxy();
  await using parent = startEcho();
  const url = `https://127.0.0.1:${parent.addr.port}`;
  for (const before of [[], [`socks5://127.0.0.1:${proxy.addr.port}`]]) {
    const error = await assertRejects(
      () => within(5_000, open([...before, url], "192.0.2.1", 80)),
      DialError,
    );
    assertEquals(error.message, `Cannot connect through ${url}: no TLS here`);
    assertEquals(error.kind, "parent failed");
  }
});

Deno.test("dialChain() takes no nonsense from a parent", async () => {
  const cases: [string, (string | number[])[]][] = [
    ["socks5", [[4, 0]]],
    ["socks5", [[5, 1]]],
    ["socks5", [[5, 255]]],
    ["socks5", [[5, 0], [4, 0, 0, 1]]],
    ["socks5", [[5, 0], [5, 0, 0, 2]]],
    ["socks4", [[4, 90, 0, 0, 0, 0, 0, 0]]],
    ["http", ["SSH-2.0-OpenSSH\r\n\r\n"]],
    ["http", [`HTTP/1.1 200 ${"x".repeat(9000)}`]],
    ["http", ["HTTP/1.1 100 Continue\r\n\r\n".repeat(20)]],
  ];
  for (const [scheme, answers] of cases) {
    await using parent = startAnswering(...answers);
    const urls = [`${scheme}://127.0.0.1:${parent.addr.port}`];
    const error = await assertRejects(
      () => within(5_000, open(urls, "192.0.2.1", 80)),
      DialError,
    );
    assertEquals(error.kind, "parent failed", JSON.stringify(answers[0]));
  }
});

Deno.test("dialChain() notices a parent that ends, and one that is silent", async () => {
  const cases: [number[][], DialErrorKind][] = [
    [[], "parent timeout"],
    [[[5]], "parent timeout"],
    // It has been asked by then: the target may be what it waits for.
    [[[5, 0]], "timeout"],
    [[[5, 0], [5, 0, 0]], "timeout"],
  ];
  for (const [answers, kind] of cases) {
    await using parent = startServer(async (conn) => {
      for (const answer of answers) {
        await conn.read(new Uint8Array(100));
        await writeAll(conn, answer);
      }
    });
    const urls = [`socks5://127.0.0.1:${parent.addr.port}`];
    const ended = await assertRejects(
      () => within(5_000, open(urls, "192.0.2.1", 80)),
      DialError,
    );
    assertEquals(ended.kind, "parent failed");
    assertEquals(
      ended.message,
      `Cannot connect through ${
        urls[0]
      }: it closed the connection before its answer was complete`,
    );
    await using silent = startAnswering(...answers);
    const late = await assertRejects(
      () =>
        within(
          5_000,
          open([`socks5://127.0.0.1:${silent.addr.port}`], "192.0.2.1", 80, {
            timeout: 30,
          }),
        ),
      DialError,
    );
    assertEquals(late.kind, kind);
  }
});

Deno.test("dialChain() resolves for parents that take addresses only", async () => {
  const asked: string[] = [];
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  const { port } = proxy.addr;
  for (const scheme of ["socks5", "socks4"]) {
    const { connection } = await open(
      [`${scheme}://127.0.0.1:${port}`],
      "made-up.example",
      echo.addr.port,
      {
        resolve: (name) => {
          asked.push(`${scheme} ${name}`);
          const texts = ["::1", "127.0.0.1"].slice(scheme === "socks4" ? 0 : 1);
          return Promise.resolve(texts.map((text) => parseIpAddress(text)!));
        },
      },
    );
    connection[Symbol.dispose]();
  }
  assertEquals(asked, ["socks5 made-up.example", "socks4 made-up.example"]);
});

Deno.test("dialChain() blames no parent for a slow name, nor for want of descriptors", async () => {
  const url = `socks5://127.0.0.1:${closedPort()}`;
  const slow = await assertRejects(
    () =>
      open([url], "slow.example", 80, {
        resolve: (_name, context) =>
          new Promise((_resolve, reject) => context.onCancel(reject)),
        timeout: 30,
      }),
    DialError,
  );
  assertEquals(slow.kind, "timeout");
  const full = new DialError("no descriptors", "Out of file descriptors");
  const error = await assertRejects(() =>
    open([url], "192.0.2.1", 80, { dial: () => Promise.reject(full) })
  );
  assertEquals(error, full);
});

Deno.test("dialChain() calls onAsked when it asks the last parent, and not before", async () => {
  await using closing = startAnswering();
  await using first = startAnswering([5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  await using second = startAnswering([5, 255], [5, 255]);
  const [silent, taking, refusing] = [closing, first, second]
    .map(({ addr }) => `socks5://127.0.0.1:${addr.port}`);
  const cases: [string[], number][] = [
    [[silent!], 0],
    [[refusing!], 0],
    [[taking!], 1],
    [[taking!, taking!], 0],
  ];
  for (const [urls, expected] of cases) {
    let asked = 0;
    await open(urls, "192.0.2.1", 80, { onAsked: () => asked++, timeout: 100 })
      .then(({ connection }) => connection[Symbol.dispose](), () => {});
    assertEquals(asked, expected, urls.join());
  }
});

Deno.test("dialChain() ends when cancelled", async () => {
  await using silent = startAnswering();
  const context = new Context();
  const chain = dialChain(
    [parseParent(`socks5h://127.0.0.1:${silent.addr.port}`)],
    { host: "example.com", port: 80 },
    context,
    OPTIONS,
  );
  context.cancel(new Error("enough"));
  await assertRejects(() => within(5_000, chain), Error, "enough");
  assert(context.cancelled);
});
