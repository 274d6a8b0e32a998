import { assert, assertEquals, assertMatch } from "@std/assert";
import { openTls } from "../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import { startTls } from "../../lib/net/tls/start.ts";
import type { TlsConnection } from "../../lib/net/connection.ts";
import { ALERT, encodeAlert } from "../../lib/wire/tls/alert.ts";
import { sharedAuthority } from "../support/certificates.ts";
import {
  hello,
  protocols,
  serverNames,
  versions,
} from "../support/client_hello.ts";
import { pattern, sha256 } from "../support/dialogue.ts";
import {
  answer,
  type SomeForwardConfig,
  startTestForward,
  type TestForward,
  upstreamAt,
} from "../support/forward.ts";
import {
  closedPort,
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { mutualTls, serverTls } from "../support/tls_proxy.ts";

const authority = await sharedAuthority();

interface Fixture extends AsyncDisposable {
  forward: TestForward;
  /** Speaks TLS with the relay as Alice. */
  connect(protocols?: readonly string[]): Promise<TlsConnection>;
}

/** A relay that agrees on what its upstream, an echo server, speaks. */
async function start(
  spoken: readonly string[],
  {
    mutual = false,
    port = 0,
    ...config
  }: SomeForwardConfig & { mutual?: boolean; port?: number } = {},
): Promise<Fixture> {
  const echo = startEcho();
  const log = () => {};
  const far = await openTls(serverTls(authority), { protocols: spoken, log });
  const near = await openTls((mutual ? mutualTls : serverTls)(authority), {
    log,
  });
  const outgoing = await openUpstreamTls({
    certificates: [],
    authorities: authority.path("ca.crt"),
  }, log);
  const upstream = await startTestForward([upstreamAt(echo.addr)], {
    tls: far.tls,
    protocols: spoken,
  });
  const at = port === 0 ? upstream.addr : { host: "127.0.0.1", port };
  const forward = await startTestForward([upstreamAt(at, { isTls: true })], {
    tls: near.tls,
    startTls: outgoing.start,
    protocols: "upstream",
    ...config,
  });
  return {
    forward,
    async connect(protocols = []) {
      const plain = await forward.connect();
      try {
        return await startTls(plain, {
          host: "localhost",
          verify: () => Promise.resolve(),
          authorities: authority.authority.certificate,
          protocols,
          ...authority.alice,
        });
      } catch (error) {
        plain.close();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await forward[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

Deno.test("forward() leaves the choice of a protocol to its upstream, and carries what follows", async () => {
  await using it = await start(["two", "one"], { mutual: true });
  const cases: [offered: string[], agreed: string | undefined][] = [
    [["one", "two"], "two"],
    [["zero", "one"], "one"],
    [["\xfa\xfa", "two"], "two"],
    [[], undefined],
  ];
  for (const [offered, agreed] of cases) {
    using conn = await within(5_000, it.connect(offered));
    assertEquals(conn.protocol, agreed);
    const bytes = pattern(300_000);
    const echoed = readToEnd(conn as unknown as Deno.TcpConn);
    await writeAll(conn as unknown as Deno.Conn, bytes);
    await conn.closeWrite();
    assertEquals(
      await sha256(await within(5_000, echoed)),
      await sha256(bytes),
    );
  }
  for (const { result, user, sent } of await it.forward.whenEnded(4)) {
    assertEquals([result, user, sent], ["ok", "alice", 300_000]);
  }
});

Deno.test("forward() sends an alert with the reason if its upstream negotiates nothing", async () => {
  const asked = (...names: string[]) =>
    hello({
      extensions: [
        versions(0x0304),
        protocols(...names),
        serverNames("a.test"),
      ],
    });
  const cases: [
    what: string,
    given: Parameters<typeof start>[1],
    alert: typeof ALERT[keyof typeof ALERT],
    result: string,
    reason: RegExp,
  ][] = [
    [
      "none in common",
      {},
      ALERT.NoApplicationProtocol,
      "refused",
      / speaks none of h2, h3$/,
    ],
    [
      "nobody there",
      { port: closedPort() },
      ALERT.InternalError,
      "failed",
      /refused/,
    ],
    [
      "no such server",
      {
        routes: [{ listen: { host: "127.0.0.1", port: 0 }, upstreams: [] }],
        serverNames: new Map([["b.test", [
          upstreamAt({ host: "127.0.0.1", port: 1 }, { isTls: true }),
        ]]]),
      },
      ALERT.UnrecognizedName,
      "refused",
      /No upstream serves server name a\.test/,
    ],
  ];
  for (const [what, given, alert, result, reason] of cases) {
    await using it = await start(["one"], given);
    using conn = await it.forward.connect();
    await writeAll(conn, asked("h2", "h3"));
    const expected = encodeAlert(alert);
    const said = await within(5_000, readExactly(conn, expected.length));
    assertEquals(said.toHex(), expected.toHex(), what);
    await conn.closeWrite();
    await within(5_000, readToEnd(conn));
    const [event] = await it.forward.whenEnded(1);
    assertEquals(event!.result, result, what);
    assertMatch(event!.reason, reason);
  }
});

Deno.test("forward() says of a client that leaves behind its ClientHello that it is dropped", async () => {
  await using it = await start(["one"]);
  using conn = await it.forward.connect();
  await writeAll(
    conn,
    hello({
      extensions: [versions(0x0303), [10, [0, 2, 0, 23]], [13, [0, 2, 4, 3]]],
    }),
  );
  await conn.closeWrite();
  await within(5_000, readToEnd(conn));
  const [event] = await it.forward.whenEnded(1);
  assertEquals([event!.result, event!.target], ["dropped", undefined]);
});

Deno.test("forward() offers its upstream the protocol negotiated with the client", async () => {
  const offered: (readonly string[] | undefined)[] = [];
  const log = () => {};
  const protocols = ["one", "two"];
  const { tls } = await openTls(serverTls(authority), { protocols, log });
  await using echo = startEcho();
  await using forward = await startTestForward(
    [upstreamAt(echo.addr, { isTls: true })],
    {
      tls,
      protocols,
      startTls(connection, peer) {
        offered.push(peer.protocols);
        return Promise.resolve(connection);
      },
    },
  );
  for (const spoken of [["two"], ["two", "one"], []]) {
    const plain = await forward.connect();
    using conn = await startTls(plain, {
      host: "localhost",
      verify: () => Promise.resolve(),
      authorities: authority.authority.certificate,
      protocols: spoken,
    });
    await writeAll(conn as unknown as Deno.Conn, "ping");
    assertEquals(await answer(conn as unknown as Deno.Conn, 4), "ping");
  }
  assertEquals(offered, [["two"], ["one"], []]);
  assert(forward.messages.length === 0);
});
