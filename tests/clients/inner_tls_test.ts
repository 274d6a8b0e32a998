/**
 * Programs whose protocol begins TLS inside of itself, at a listener that wants
 * TLS from the first byte on: what the log says of them, and that what it
 * recommends works.
 */

import { assert, assertEquals } from "@std/assert";
import { TlsAcceptor } from "../../lib/net/tls/accept.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { issue, makeAuthority, SERVER } from "../support/certificates.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { run, testPrograms } from "../support/programs.ts";
import {
  readExactly,
  startServer,
  within,
  writeAll,
} from "../support/sockets.ts";
import {
  serverTls,
  startTlsProxy,
  type TlsProxy,
} from "../support/tls_proxy.ts";

const ADVICE =
  "with 'sluice forward' without --tls-cert and --sni, so that client and target agree on encryption themselves";

/** What clients of openssl say first, and what that is taken for. */
const SPEAKERS: Readonly<Record<string, string>> = {
  postgres: "PostgreSQL",
  ldap: "LDAP",
  xmpp: "XMPP",
  irc: "a protocol with STARTTLS",
};

/** Those that wait for a greeting. */
const LISTENERS = [
  "smtp",
  "lmtp",
  "imap",
  "pop3",
  "ftp",
  "mysql",
  "nntp",
  "sieve",
];

function start() {
  const timeouts = { handshake: 400 };
  return startTlsProxy({ tls: serverTls, config: { timeouts } });
}

/** The event of the connection that was just made; the next call waits on. */
async function onlyEvent({ proxy }: TlsProxy): Promise<ConnectionEvent> {
  const events = await within(5_000, proxy.whenEnded(1));
  const [event, ...more] = events.splice(0);
  assertEquals(more, []);
  return event!;
}

testPrograms({
  name:
    "the log names the protocol of 'openssl s_client -starttls', and what works",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using server = await start();
    const { port } = server.proxy.addr;
    for (const [name, protocol] of Object.entries(SPEAKERS)) {
      await run(openssl, [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-starttls", name],
      ]);
      const { reason, result } = await onlyEvent(server);
      assertEquals(result, "refused");
      const words = `which is not TLS but ${protocol}: pass it through`;
      assert(reason.endsWith(`, ${words} ${ADVICE}`), reason);
    }
  },
});

testPrograms({
  name: "the log says what openssl's clients wait for that say nothing",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using server = await start();
    const { port } = server.proxy.addr;
    await Promise.all(LISTENERS.map((name) =>
      run(openssl, [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-starttls", name],
      ])
    ));
    const events = await within(
      5_000,
      server.proxy.whenEnded(LISTENERS.length),
    );
    for (const { reason, result } of events) {
      assertEquals(result, "dropped");
      assertEquals(
        reason,
        `Handshake time of 0.4 s has passed without a byte: a client of SMTP, IMAP, POP3, FTP or MySQL waits for a greeting first; pass such clients through ${ADVICE}, after 0 bytes of the handshake`,
      );
    }
  },
});

testPrograms({
  name: "the log names the protocol of psql",
  needs: ["psql"],
  async fn({ psql }) {
    await using server = await start();
    const { port } = server.proxy.addr;
    await run(psql, [`host=127.0.0.1 port=${port} sslmode=require`, "-c", ""]);
    const { reason } = await onlyEvent(server);
    assert(reason.includes("not TLS but PostgreSQL: pass it through"), reason);
  },
});

testPrograms({
  name:
    "the log names the protocol of psql where upstreams are chosen by the name in TLS",
  needs: ["psql"],
  async fn({ psql }) {
    const upstream = upstreamAt({ host: "127.0.0.1", port: 9 });
    const serverNames = new Map([["db.test", [upstream]]]);
    await using relay = await startTestForward([upstream], { serverNames });
    const { port } = relay.addr;
    await run(psql, [`host=127.0.0.1 port=${port} sslmode=require`, "-c", ""]);
    const [{ reason } = { reason: "" }] = await within(
      5_000,
      relay.whenEnded(1),
    );
    assert(reason.includes("not TLS but PostgreSQL: pass it through"), reason);
  },
});

testPrograms({
  name: "the log says what curl waits for, as a client of SMTP",
  needs: ["curl"],
  async fn({ curl }) {
    await using server = await start();
    const url = `smtp://127.0.0.1:${server.proxy.addr.port}`;
    await run(curl, ["-sS", "--ssl-reqd", "--max-time", "9", url]);
    const { reason } = await onlyEvent(server);
    assert(reason.includes("a client of SMTP, IMAP,"), reason);
  },
});

testPrograms({
  name:
    "'sluice forward' without --tls-cert lets client and target agree on TLS inside of PostgreSQL's protocol",
  needs: ["openssl"],
  async fn({ openssl }) {
    const authority = await makeAuthority("Test authority");
    const acceptor = new TlsAcceptor(await issue(SERVER, authority));
    const ends = { localAddr: HERE, remoteAddr: HERE };
    await using target = startServer(async (conn) => {
      await readExactly(conn, 8);
      await writeAll(conn, "S");
      const { connection } = await acceptor.accept(conn, ends);
      await connection.closeWrite();
    });
    await using relay = await startTestForward([upstreamAt(target.addr)]);
    const { text } = await run(openssl, [
      ...["s_client", "-connect", `127.0.0.1:${relay.addr.port}`],
      ...["-starttls", "postgres"],
    ]);
    assert(text.includes("issuer=CN = Test authority"), text);
  },
});

const HERE = { transport: "tcp", hostname: "127.0.0.1", port: 0 } as const;
