import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import tls from "node:tls";
import {
  type ServerIdentity,
  TlsAcceptor,
} from "../../../lib/net/tls/accept.ts";
import { openServerTrust } from "../../../lib/serve/tls/open_trust.ts";
import { startTls, type StartTlsOptions } from "../../../lib/net/tls/start.ts";
import { TlsError } from "../../../lib/net/tls/tls_error.ts";
import { Context } from "../../../lib/sync/context.ts";
import {
  issue,
  makeAuthority,
  SERVER,
  type TestCertificate,
} from "../../support/certificates.ts";
import { FORGED } from "../../support/forged_identity.ts";
import { pattern, sha256 } from "../../support/dialogue.ts";
import {
  readExactly,
  socketPair,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

tls.createSecureContext(); // Outside of all tests: what it loads stays loaded.

const authority = await makeAuthority("Test authority");
const server = await issue(SERVER, authority);
const alice = await issue({ name: "alice" }, authority);

/** A server that sends back what it gets, and ends when it is ended. */
interface EchoServer extends AsyncDisposable {
  readonly port: number;
  /** How many certificates each of its clients has shown. */
  readonly clients: number[];
}

function startTlsEcho(
  { certificate, key }: TestCertificate,
  options: Partial<ServerIdentity> = {},
): EchoServer {
  const clients: number[] = [];
  const acceptor = new TlsAcceptor({ certificate, key, ...options });
  const server = startServer(async (conn) => {
    const accepted = await acceptor.accept(conn, conn);
    using client = accepted.connection;
    clients.push(accepted.certificates.length);
    const buffer = new Uint8Array(64 * 1024);
    while (true) {
      const count = await client.read(buffer);
      if (count === null) break;
      await writeAll(client, buffer.slice(0, count));
    }
    await client.closeWrite();
    await client.read(buffer).catch(() => {});
    await conn.read(buffer);
  });
  return {
    port: server.addr.port,
    clients,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function verify(
  sent: readonly Uint8Array[],
  host: string,
): Promise<void> {
  const trust = await openServerTrust(authority.certificate);
  await trust.verifyServer(sent, host);
}

async function connect(
  { port }: EchoServer,
  options: Partial<StartTlsOptions> = {},
) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    return await within(
      5_000,
      startTls(connection, {
        host: "localhost",
        authorities: authority.certificate,
        verify,
        ...options,
      }),
    );
  } catch (error) {
    connection.close(); // It is still open.
    throw error;
  }
}

Deno.test("startTls() carries 10 MB each way, and ends each by itself", async () => {
  await using echo = startTlsEcho(server);
  using client = await connect(echo);
  const bytes = pattern(10_000_000);
  const [answer] = await Promise.all([
    within(20_000, readExactly(client, bytes.length)),
    writeAll(client, bytes).then(() => client.closeWrite()),
  ]);
  assertEquals(await sha256(answer), await sha256(bytes));
  assertEquals(await within(5_000, client.read(new Uint8Array(1))), null);
});

Deno.test("startTls() tells where its ends are", async () => {
  await using echo = startTlsEcho(server);
  using client = await connect(echo);
  assertEquals(client.remoteAddr.port, echo.port);
  assertEquals(client.localAddr.hostname, "127.0.0.1");
});

/** The runtime does not tell which of them. */
const OUT_OF_DATE =
  "server's certificate is not accepted: it is out of date, not for servers, or from an unknown authority";

/** What is asked for and shown, and whether that will do. */
const CASES: readonly {
  what: string;
  shown?: Parameters<typeof issue>[0];
  issuer?: () => Promise<TestCertificate>;
  options?: Partial<StartTlsOptions>;
  reason?: string;
}[] = [
  { what: "a name that the certificate has" },
  { what: "an address that it has", options: { host: "127.0.0.1" } },
  {
    what: "an address that it has not",
    options: { host: "127.0.0.2" },
    reason: "server's certificate is for another name",
  },
  {
    what: "a name that it has not",
    options: { host: "example.test" },
    reason: "server's certificate is for another name",
  },
  {
    what: "a name that was given instead of the host",
    options: { host: "example.test", name: "localhost" },
  },
  {
    what: "another name that was given instead of the host",
    options: { name: "example.test" },
    reason: "server's certificate is for another name",
  },
  {
    what: "the common name alone",
    shown: { name: "localhost", usage: "server" },
    reason:
      "server's certificate names no host: it has no subjectAltName, and the common name does not count",
  },
  {
    what: "a certificate that has expired",
    shown: { ...SERVER, days: [-9, -1] },
    reason: OUT_OF_DATE,
  },
  {
    what: "a certificate that is not yet valid",
    shown: { ...SERVER, days: [1, 9] },
    reason: OUT_OF_DATE,
  },
  {
    what: "a certificate of another authority",
    issuer: () => makeAuthority("Other"),
    reason: OUT_OF_DATE,
  },
  {
    what: "a certificate for clients",
    shown: { ...SERVER, usage: "client" },
    reason: OUT_OF_DATE,
  },
  {
    what: "authorities of the system, which don't know ours",
    options: { authorities: undefined },
    reason: OUT_OF_DATE,
  },
  {
    what: "any certificate when that is not verified",
    shown: { name: "x", usage: "client", days: [-9, -1] },
    issuer: () => makeAuthority("Other"),
    options: { isInsecure: true, authorities: undefined },
  },
];

for (const { what, shown = SERVER, issuer, options, reason } of CASES) {
  const verb = reason === undefined ? "accepts" : "refuses";
  Deno.test(`startTls() ${verb} ${what}`, async () => {
    const issued = await issue(shown, await issuer?.() ?? authority);
    await using echo = startTlsEcho(issued);
    if (reason === undefined) {
      using client = await connect(echo, options);
      await writeAll(client, "ping");
      await within(5_000, readExactly(client, 4));
      return;
    }
    const error = await assertRejects(() => connect(echo, options), TlsError);
    assertEquals(error.message, `TLS handshake failed: ${reason}`);
    assertEquals(error.kind, "refused");
    assertEquals(echo.clients.length <= 1, true);
  });
}

Deno.test("startTls() refuses a forgery that the runtime takes for genuine", async () => {
  await using echo = startTlsEcho(FORGED);
  // When this fails the runtime has become better, and the other still holds.
  using _deceived = await connect(echo, { verify: () => Promise.resolve() });
  const error = await assertRejects(() => connect(echo), TlsError);
  assertEquals(
    error.message,
    "TLS handshake failed: server's certificate is from an unknown authority",
  );
});

Deno.test("startTls() shows a certificate", async () => {
  await using echo = startTlsEcho(server, {
    clientAuthorities: authority.certificate,
  });
  using client = await connect(echo, alice);
  await writeAll(client, "ping");
  await within(5_000, readExactly(client, 4));
  assertEquals(echo.clients, [1]);
});

Deno.test("startTls() fails, or its first read does, where a certificate is wanted", async () => {
  await using echo = startTlsEcho(server, {
    clientAuthorities: authority.certificate,
  });
  for (const minVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    // With TLS 1.3 the client is done before the server has looked.
    const { message } = await assertRejects(async () => {
      using client = await connect(echo, { minVersion });
      await within(5_000, readExactly(client, 1));
    }, Error);
    assertMatch(message, /: CertificateRequired$|^End after 0 of 1$/);
  }
});

Deno.test("startTls() says that a server does not speak TLS, or leaves", async () => {
  const cases: [(conn: Deno.Conn) => Promise<void>, RegExp][] = [
    [
      (conn) => writeAll(conn, "220 ready\r\n"),
      /server does not speak TLS from the first byte; if it uses STARTTLS, relay to it without TLS$/,
    ],
    [() => Promise.resolve(), /server closed$/],
    [async (conn) => {
      await conn.read(new Uint8Array(4096));
      await writeAll(conn, [21, 3, 3, 0, 2, 2, 40]);
    }, /server has no version or cipher in common with Sluice$/],
  ];
  for (const [serve, expected] of cases) {
    await using plain = startServer(serve);
    const { hostname, port } = plain.addr;
    using connection = await Deno.connect({ hostname, port });
    const error = await assertRejects(
      () => within(5_000, startTls(connection, { host: "localhost", verify })),
      TlsError,
    );
    assert(expected.test(error.message), error.message);
  }
});

Deno.test("startTls() gives up when its context does", async () => {
  const [near, far] = await socketPair();
  using _far = far;
  using _near = near;
  const context = new Context();
  context.cancelAfter(50, "Connect time");
  const error = await assertRejects(
    () => within(5_000, startTls(near, { host: "localhost", verify, context })),
    DOMException,
  );
  assertEquals(error.message, "Connect time of 0.05 s has passed");
  await assertRejects(
    () => startTls(near, { host: "localhost", verify, context }),
    DOMException,
  );
});
