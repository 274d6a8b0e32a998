import { assert, assertEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import tls from "node:tls";
import type { JsonGeneralName } from "@peculiar/x509";
import type { ConnectionEvent } from "../../../lib/observe/log_event.ts";
import { ALERT, encodeAlert } from "../../../lib/wire/tls/alert.ts";
import {
  issue,
  makeAuthority,
  revoke,
  type TestCertificate,
  type TestIdentities,
} from "../../support/certificates.ts";
import { hello, protocols, versions } from "../../support/client_hello.ts";
import { NAME, nameConstraints } from "../../support/der.ts";
import { FORGED } from "../../support/forged_identity.ts";
import { startEcho } from "../../support/sockets.ts";
import { connectRequest, GREETING } from "../../support/proxy.ts";
import {
  readExactly,
  readToEnd,
  within,
  writeAll,
} from "../../support/sockets.ts";
import {
  mutualTls,
  startTlsProxy,
  type TlsProxy,
} from "../../support/tls_proxy.ts";

const HANDSHAKE = 400;

/** Certificates that get nowhere, and what the log says of them. */
const BAD_CERTIFICATES: readonly {
  what: string;
  make: (known: TestIdentities) => Promise<TestCertificate | undefined>;
  reason: string;
}[] = [
  {
    what: "no certificate",
    make: () => Promise.resolve(undefined),
    reason: "client sent no certificate",
  },
  {
    what: "an expired certificate",
    make: ({ authority }) => issue({ name: "old", days: [-9, -1] }, authority),
    reason: "client's certificate has expired",
  },
  {
    what: "a certificate that is not yet valid",
    make: ({ authority }) => issue({ name: "new", days: [1, 9] }, authority),
    reason: "client's certificate is not yet valid",
  },
  {
    what: "the certificate of another authority",
    make: async () => issue({ name: "eve" }, await makeAuthority("Other")),
    reason: "client's certificate is from an unknown authority",
  },
  {
    what: "the certificate of another authority of the same name",
    make: async () =>
      issue({ name: "eve" }, await makeAuthority("Test authority")),
    reason: "client's certificate is from an unknown authority",
  },
  {
    what: "a certificate that signs itself",
    make: () => issue({ name: "self" }),
    reason: "client's certificate is from an unknown authority",
  },
  {
    what: "a certificate for servers",
    make: ({ authority }) =>
      issue({ name: "server", usage: "server" }, authority),
    reason: "client's certificate is not for clients",
  },
  {
    what: "a revoked certificate",
    make: async ({ authority }) => (await othersOf(authority)).bob,
    reason: "client's certificate is revoked",
  },
  {
    what: "a forgery in X.509's first version",
    make: () => Promise.resolve(FORGED),
    reason: "client's certificate is from an unknown authority",
  },
  {
    what: "a name that its authority may not give",
    make: async ({ authority }) => (await othersOf(authority)).carol,
    reason:
      "client's certificate breaks the name constraints of its authority: e-mail address 'carol@evil.test' is not permitted",
  },
  {
    what: "the certificate of the authority itself",
    make: ({ authority }) => Promise.resolve(authority),
    reason: "client's certificate is that of an authority",
  },
];

/** Those certificates, made once: all proxies here have the same authority. */
const shown = new WeakMap<object, Promise<TestCertificate | undefined>>();

for (const auth of ["require", "request"] as const) {
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    Deno.test(`overTls() lets no bad certificate in: ${auth}, ${version}`, async () => {
      await using server = await start(auth);
      for (const bad of BAD_CERTIFICATES) {
        const { what, make, reason } = bad;
        const certificate = await shown.getOrInsertComputed(
          bad,
          () => make(server.authority),
        );
        if (certificate === undefined && auth === "request") continue;
        const options = { minVersion: version, maxVersion: version };
        const begun = performance.now();
        assertEquals(
          await getsAnAnswer(server, { ...options, ...certificate }),
          false,
          what,
        );
        const event = await lastEvent(server);
        assertEquals(event.result, "refused", `${what}: ${event.reason}`);
        const label = certificate === undefined ? "" : labelOf(certificate);
        assertEquals(
          event.reason,
          `TLS handshake failed: ${reason}${label}`,
          what,
        );
        assertEquals(event.user, undefined);
        // The client may have kept the connection open for a while.
        assert(performance.now() - begun < HANDSHAKE + 2_500);
      }
    });
  }
}

/** Subject and serial number, as Node reads them. */
function labelOf({ certificate }: TestCertificate): string {
  const { serialNumber, subject } = new X509Certificate(certificate);
  const digits = serialNumber.toLowerCase();
  const serial = digits.padStart(digits.length + digits.length % 2, "0");
  return `: subject '${subject}', serial ${serial}`;
}

/** What is no handshake, and how that is answered and logged. */
const BAD_BYTES: readonly {
  what: string;
  bytes: Uint8Array;
  answer: Uint8Array;
  reason: string;
}[] = [
  {
    what: "TLS 1.1",
    bytes: hello({ version: 0x0302 }),
    answer: encodeAlert(ALERT.ProtocolVersion),
    reason: "client does not speak TLS 1.2 or later",
  },
  {
    what: "TLS 1.1 in the newer form",
    bytes: hello({ extensions: [versions(0x0302, 0x0301)] }),
    answer: encodeAlert(ALERT.ProtocolVersion),
    reason: "client does not speak TLS 1.2 or later",
  },
  {
    what: "h2 alone",
    bytes: hello({ extensions: [versions(0x0304), protocols("h2")] }),
    answer: encodeAlert(ALERT.NoApplicationProtocol),
    reason: "client speaks h2, not http/1.1",
  },
  {
    what: "SOCKS5 without TLS",
    bytes: Uint8Array.of(...GREETING, ...connectRequest("127.0.0.1", 9)),
    answer: encodeAlert(ALERT.UnexpectedMessage),
    reason:
      "Cannot parse ClientHello: it begins with 0x0501, which is not TLS but SOCKS5 in the clear",
  },
  {
    what: "HTTP without TLS",
    bytes: new TextEncoder().encode("GET http://a/ HTTP/1.1\r\n\r\n"),
    answer: encodeAlert(ALERT.UnexpectedMessage),
    reason:
      "Cannot parse ClientHello: it begins with 0x4745, which is not TLS but HTTP in the clear",
  },
  {
    what: "garbage in a record",
    bytes: Uint8Array.of(22, 3, 1, 0, 8, 1, 0, 0, 4, 1, 2, 3, 4),
    answer: encodeAlert(ALERT.DecodeError),
    reason: "Cannot parse ClientHello: a length is wrong",
  },
];

for (const { what, bytes, answer, reason } of BAD_BYTES) {
  Deno.test(`overTls() answers ${what} with an alert`, async () => {
    await using server = await start("require");
    using conn = await server.proxy.connect();
    await writeAll(conn, bytes);
    assertEquals(
      (await within(5_000, readExactly(conn, answer.length))).toHex(),
      answer.toHex(),
    );
    await conn.closeWrite();
    assertEquals((await within(5_000, readToEnd(conn))).length, 0);
    const event = await lastEvent(server);
    assertEquals(event.result, "refused");
    assertEquals(event.reason, `TLS handshake failed: ${reason}`);
  });
}

/** What is said of a client that may be one of another protocol. */
const WAITS =
  " without a byte: a client of SMTP, IMAP, POP3, FTP or MySQL waits for a greeting first; pass such clients through with 'sluice forward' without --tls-cert and --sni, so that client and target agree on encryption themselves";

/** What stops before the handshake has ended. */
const PIECES: readonly { what: string; bytes: Uint8Array; ends: boolean }[] = [
  { what: "silence", bytes: new Uint8Array(), ends: false },
  { what: "half a ClientHello", bytes: hello().subarray(0, 60), ends: false },
  {
    what: "a ClientHello alone",
    bytes: hello({
      extensions: [versions(0x0303), [10, [0, 2, 0, 23]], [13, [0, 2, 4, 3]]],
    }),
    ends: false,
  },
  { what: "an end at once", bytes: new Uint8Array(), ends: true },
  {
    what: "an end in a ClientHello",
    bytes: hello().subarray(0, 60),
    ends: true,
  },
];

for (const { what, bytes, ends } of PIECES) {
  Deno.test(`overTls() ends ${what} in time`, async () => {
    await using server = await start("require");
    using conn = await server.proxy.connect();
    const begun = performance.now();
    await writeAll(conn, bytes);
    if (ends) await conn.closeWrite();
    await within(HANDSHAKE + 3_000, readToEnd(conn));
    const event = await lastEvent(server);
    const time = performance.now() - begun;
    assertEquals(event.result, "dropped", event.reason);
    const expected = ends
      ? `client closed, after ${bytes.length} bytes of the handshake`
      : `Handshake time of ${HANDSHAKE / 1000} s has passed${
        bytes.length === 0 ? WAITS : ""
      }, after ${bytes.length} bytes of the handshake`;
    assertEquals(event.reason, expected);
    if (!ends) assert(time >= HANDSHAKE - 20, `${time} ms`);
  });
}

Deno.test("overTls() says why a client has left", async () => {
  await using server = await start("require");
  const stranger = await makeAuthority("Stranger");
  const { certificate: authorities } = stranger;
  await server.connect({ authorities }).then(
    () => assert(false),
    () => {},
  );
  const event = await lastEvent(server);
  assertEquals(event.result, "dropped");
  assert(
    event.reason.startsWith(
      "TLS handshake failed: client does not know the certificate's authority",
    ),
    event.reason,
  );
});

/** A proxy that wants certificates, and has revoked Bob's. */
function start(auth: "require" | "request"): Promise<TlsProxy> {
  return startTlsProxy({
    config: {
      timeouts: { handshake: HANDSHAKE },
    },
    async tls(authority) {
      const { constrained, lists } = await othersOf(authority.authority);
      const all = [authority.authority, constrained]
        .map(({ certificate }) => certificate);
      await authority.write("ca.crt", all.join(""));
      await authority.write("crl", lists);
      return {
        ...mutualTls(authority),
        revocationLists: authority.path("crl"),
        isOptional: auth === "request",
      };
    },
  });
}

/** Who besides Alice has a certificate. */
interface Others {
  /** Its certificate is revoked. */
  bob: TestCertificate;
  /** An authority for mailboxes of one host. */
  constrained: TestCertificate;
  /** A client of it, with a mailbox of another host. */
  carol: TestCertificate;
  /** Revocation lists of both authorities. */
  lists: string;
}

/** By the authority of the proxy. */
const others = new WeakMap<TestCertificate, Promise<Others>>();

function othersOf(authority: TestCertificate): Promise<Others> {
  return others.getOrInsertComputed(authority, makeOthers);
}

async function makeOthers(authority: TestCertificate): Promise<Others> {
  const bob = await issue({ name: "bob" }, authority);
  const constrained = await issue({
    ...{ name: "Constrained", isAuthority: true, usage: "none" },
    extensions: {
      "2.5.29.30": nameConstraints({ permitted: [NAME.email("b.test")] }),
    },
  });
  const alternatives: JsonGeneralName[] = [
    { type: "email", value: "carol@evil.test" },
  ];
  const carol = await issue({ name: "carol", alternatives }, constrained);
  const lists = await revoke([bob], authority) + await revoke([], constrained);
  return { bob, constrained, carol, lists };
}

type Shown =
  & Partial<TestCertificate>
  & Pick<tls.ConnectionOptions, "minVersion" | "maxVersion">;

/** Asks for a tunnel as somebody, and tells whether that was answered. */
async function getsAnAnswer(
  { authority, proxy }: TlsProxy,
  { certificate, key, ...versions }: Shown,
): Promise<boolean> {
  await using echo = startEcho();
  const socket = tls.connect({
    host: "127.0.0.1",
    port: proxy.addr.port,
    servername: "localhost",
    ca: authority.authority.certificate,
    ...versions,
    ...(certificate === undefined ? {} : { cert: certificate, key: key! }),
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("error", () => resolve(false));
  socket.on("close", () => resolve(false));
  socket.on("data", () => resolve(true));
  socket.write(
    Uint8Array.of(...GREETING, ...connectRequest("127.0.0.1", echo.addr.port)),
  );
  const isAnswered = await within(5_000, promise);
  socket.destroy();
  assertEquals(echo.accepted, 0);
  return isAnswered;
}

/** The event of the connection that has just been made. */
async function lastEvent({ proxy }: TlsProxy): Promise<ConnectionEvent> {
  const events = await within(5_000, proxy.whenEnded(1));
  return events.pop()!;
}
