import { assert, assertEquals, assertRejects } from "@std/assert";
import { toText } from "@std/streams";
import tls from "node:tls";
import { checkEnforcement } from "../../../lib/serve/tls/check_enforcement.ts";
import { openTls } from "../../../lib/serve/tls/open.ts";
import type { TlsConfig } from "../../../lib/serve/tls/config.ts";
import { StartError } from "../../../lib/cli/usage_error.ts";
import { TlsAcceptor } from "../../../lib/net/tls/accept.ts";
import type { LogEvent } from "../../../lib/observe/log_event.ts";
import {
  issue,
  makeAuthority,
  makeIdentities,
  makeTestAuthority,
  revoke,
  SERVER,
  type TestAuthority,
} from "../../support/certificates.ts";
import { NAME, nameConstraints } from "../../support/der.ts";
import { connectRequest, GREETING } from "../../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";
import {
  mutualTls,
  serverTls,
  startTlsProxy,
  type TlsProxy,
} from "../../support/tls_proxy.ts";

/** The proxy's answer to a greeting. */
const ANSWER = "\x05\x00";

/** Agrees on TLS and tells whose certificate was shown. */
async function shownTo(
  { authority, proxy }: TlsProxy,
  servername: string,
): Promise<string> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port: proxy.addr.port,
    servername,
    ca: authority.authority.certificate,
    checkServerIdentity: () => undefined,
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.on("error", reject);
  socket.on("secureConnect", () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
  });
  try {
    return await within(5_000, promise);
  } finally {
    socket.destroy();
  }
}

Deno.test("openTls() shows the certificate for the name, or the first", async () => {
  await using server = await startTlsProxy({
    async tls(authority) {
      const certificates = [...serverTls(authority).certificates];
      const more: [string, string[]][] = [
        ["exact", ["a.example.test", "b.test"]],
        ["wild", ["*.example.test", "*.B.test"]],
        ["late", ["b.test"]],
      ];
      for (const [name, names] of more) {
        const alternatives = names.map((value) =>
          ({ type: "dns", value }) as const
        );
        await authority.save(
          name,
          await issue(
            { name, usage: "server", alternatives },
            authority.authority,
          ),
        );
        certificates.push({
          certificate: authority.path(`${name}.crt`),
          key: authority.path(`${name}.key`),
        });
      }
      return { certificates };
    },
  });
  const cases: Record<string, string> = {
    "localhost": "localhost",
    "a.example.test": "exact",
    "A.Example.Test": "exact",
    "c.example.test": "wild",
    "c.d.example.test": "localhost",
    "example.test": "localhost",
    "x.b.test": "wild",
    "b.test": "exact",
    "nobody.test": "localhost",
    "": "localhost",
  };
  for (const [name, expected] of Object.entries(cases)) {
    assertEquals(await shownTo(server, name), expected, name);
  }
});

Deno.test("openTls() takes new files for new connections, and cuts none", async () => {
  await using echo = startEcho();
  await using server = await startTlsProxy({
    async tls(authority) {
      await authority.write("crl", await revoke([], authority.authority));
      return {
        ...mutualTls(authority),
        revocationLists: authority.path("crl"),
      };
    },
  });
  const { authority, files: [files], messages } = server;
  using old = await tunnel(server, echo.addr);

  await authority.write(
    "crl",
    await revoke([authority.alice], authority.authority),
  );
  await files!.reload();
  await ping(old);
  assertEquals(await getsIn(server), false);

  await authority.write("crl", await revoke([], authority.authority));
  const another = await issue(
    { ...SERVER, name: "another" },
    authority.authority,
  );
  await authority.save("server", another);
  await files!.reload();
  await ping(old);
  assertEquals(await getsIn(server), true);

  const next = await makeAuthority("Next authority");
  const carol = await issue({ name: "carol" }, next);
  await authority.write("ca.crt", next.certificate);
  await authority.write("crl", await revoke([], next));
  await files!.reload();
  await ping(old);
  assertEquals(await getsIn(server), false);
  assertEquals(await getsIn(server, carol), true);
  assertEquals(errors(messages), []);
});

Deno.test("openTls() keeps what it has where new files can't be used", async () => {
  await using server = await startTlsProxy();
  const { authority, files: [files], messages } = server;
  const another = await issue(SERVER, authority.authority);

  await authority.write("server.crt", another.certificate);
  await files!.reload();
  assertEquals(await getsIn(server), true);
  assert(
    errors(messages).pop()!.startsWith("Cannot use the new TLS files: "),
  );

  await authority.write("server.key", another.key);
  await files!.reload();
  assertEquals(await getsIn(server), true);
  assertEquals(errors(messages).length, 1);

  await authority.save("server", authority.alice);
  await files!.reload();
  assertEquals(await getsIn(server), true);
  const [, unfit] = errors(messages);
  assert(
    unfit!.endsWith("lacks serverAuth; Sluice keeps the old one"),
    unfit,
  );
  await authority.save("server", another);
  await files!.reload();

  await authority.write("ca.crt", "nothing");
  await files!.reload();
  assertEquals(await getsIn(server), true);
  assert(errors(messages)[2]!.startsWith("Cannot reload authorities "));
});

Deno.test("openTls() asks for the certificate of a session that is resumed, as of a new one", async () => {
  await using strict = await startTlsProxy();
  await using lax = await startTlsProxy({ tls: serverTls });
  const { authority } = strict;
  // Both listeners have one certificate, and are in one process, which has one
  // key for all its tickets: whoever has been at one brings its ticket along to
  // the other.
  const session = await ticketOf(lax, authority);
  assertEquals(await resumes(lax, session, authority), true);
  assertEquals(await resumes(strict, session, authority), false);
});

Deno.test("openTls() gives no ticket to a client that it refuses", async () => {
  await using server = await startTlsProxy();
  const eve = await issue({ name: "eve" }, await makeAuthority("Other"));
  assertEquals(await ticketOf(server, server.authority, eve), undefined);
});

Deno.test("openTls() lets nobody come back with a name that an authority may not give", async () => {
  const constrained = await issue({
    ...{ name: "Constrained", isAuthority: true, usage: "none" },
    extensions: {
      "2.5.29.30": nameConstraints({ permitted: [NAME.email("b.test")] }),
    },
  });
  await using server = await startTlsProxy({
    async tls(authority) {
      await authority.write("ca2.crt", constrained.certificate);
      return {
        ...mutualTls(authority),
        authorities: authority.path("ca2.crt"),
      };
    },
  });
  const eve = await issue({
    name: "eve",
    alternatives: [{ type: "email", value: "eve@c.test" }],
  }, constrained);
  // Node's verdict does not count here, and so she has a ticket.
  const ticket = await ticketOf(server, server.authority, eve);
  if (ticket === undefined) return;
  assertEquals(await resumes(server, ticket, server.authority), false);
});

/** Files that can't be used, and what is said of them. */
const BAD_FILES: readonly {
  what: string;
  make: (authority: TestAuthority) => Promise<Partial<TlsConfig> | void>;
  message: RegExp;
}[] = [
  {
    what: "a certificate that is not there",
    make: ({ path }) => Deno.remove(path("server.crt")),
    message: /^Cannot read certificate \S+server.crt: there is no such file$/,
  },
  {
    what: "a certificate that is none",
    make: ({ write }) => write("server.crt", "nothing"),
    message: /^Cannot read certificate \S+: it has no certificate in PEM$/,
  },
  {
    what: "a certificate that can't be read",
    make: ({ write }) =>
      write(
        "server.crt",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      ),
    message:
      /^Cannot read certificate \S+: it has no certificate that can be read$/,
  },
  {
    what: "the key in place of the certificate",
    make: ({ server, write }) => write("server.crt", server.key),
    message: /^Cannot read certificate \S+: it has no certificate in PEM$/,
  },
  {
    what: "the certificate in place of the key",
    make: ({ server, write }) => write("server.key", server.certificate),
    message: /^Cannot read private key \S+: it has no private key in PEM$/,
  },
  {
    what: "a key that can't be read",
    make: ({ write }) =>
      write(
        "server.key",
        "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n",
      ),
    message:
      /^Cannot read private key \S+: it has no private key that can be read$/,
  },
  {
    what: "an encrypted key",
    make: ({ write }) =>
      write(
        "server.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nSECRET\n-----END ENCRYPTED PRIVATE KEY-----\n",
      ),
    message:
      /^Cannot read private key \S+: the key is encrypted, and there is no passphrase$/,
  },
  {
    what: "the key of another certificate",
    make: ({ alice, write }) => write("server.key", alice.key),
    message:
      /^Cannot use the TLS files: \S+server.crt: the key belongs to another certificate$/,
  },
  {
    what: "a certificate for clients only",
    make: ({ alice, save }) => save("server", alice),
    message:
      /^Cannot use the TLS files: \S+server.crt: the certificate is not for servers: its extendedKeyUsage is clientAuth and lacks serverAuth$/,
  },
  {
    what: "the certificate of an authority",
    make: ({ authority, save }) => save("server", authority),
    message:
      /^Cannot use the TLS files: \S+server.crt: the certificate is not for servers: its keyUsage is keyCertSign, cRLSign and lacks digitalSignature: it is an authority's, which signs certificates$/,
  },
  {
    what: "an authority that is none",
    make: ({ alice, write }) => write("ca.crt", alice.certificate),
    message:
      /^Cannot use the TLS files: CN=alice of --tls-client-ca is not an authority$/,
  },
  {
    what: "a revocation list of another authority",
    async make({ path, write }) {
      await write("crl", await revoke([], await makeAuthority("Other")));
      return { revocationLists: path("crl") };
    },
    message:
      /^Cannot use the TLS files: --tls-crl: the list is not signed by an authority of clients$/,
  },
  {
    what: "a revocation list that has expired",
    async make({ authority, path, write }) {
      await write("crl", await revoke([], authority, [-9, -1]));
      return { revocationLists: path("crl") };
    },
    message: /^Cannot use the TLS files: --tls-crl: the list has expired \(/,
  },
];

/** What all of them have in their files at first. */
const IDENTITIES = await makeIdentities();

for (const { what, make, message } of BAD_FILES) {
  Deno.test(`openTls() does not start with ${what}`, async () => {
    await using authority = await makeTestAuthority(IDENTITIES);
    const more = await make(authority) ?? {};
    const config = { ...mutualTls(authority), ...more };
    const error = await assertRejects(
      () => openTls(config, { log() {} }),
      StartError,
    );
    assert(message.test(error.message), error.message);
    assert(!Deno.inspect(error).includes("SECRET"));
  });
}

Deno.test("openTls() warns of a certificate that is out of date", async () => {
  for (
    const [days, words] of [
      [[-9, -1], "has expired"],
      [[1, 9], "is not yet valid"],
    ] as const
  ) {
    await using authority = await makeTestAuthority();
    const events: LogEvent[] = [];
    await authority.save(
      "server",
      await issue({ ...SERVER, days }, authority.authority),
    );
    await openTls(serverTls(authority), { log: (event) => events.push(event) });
    const [event] = events;
    assert(event?.event === "message" && event.level === "warning");
    assert(event.message.includes(` ${words} (`), event.message);
  }
});

Deno.test("checkEnforcement() throws where strangers get in", async () => {
  await using authority = await makeTestAuthority();
  const { server: { certificate, key } } = authority;
  const strict = new TlsAcceptor({
    certificate,
    key,
    clientAuthorities: authority.authority.certificate,
  });
  await checkEnforcement(strict);
  const error = await assertRejects(
    () => checkEnforcement(new TlsAcceptor({ certificate, key })),
    StartError,
  );
  assert(error.message.includes("does not keep strangers out"));
});

function errors(messages: readonly LogEvent[]): string[] {
  return messages.flatMap((event) =>
    event.event === "message" && event.level === "error" ? [event.message] : []
  );
}

async function tunnel(server: TlsProxy, target: Deno.NetAddr) {
  const client = await server.connect();
  await writeAll(client, GREETING);
  await readExactly(client, 2);
  await writeAll(client, connectRequest(target.hostname, target.port));
  await readExactly(client, 10);
  return client;
}

async function ping(
  client: Pick<Deno.Conn, "read" | "write">,
): Promise<void> {
  await writeAll(client, "ping");
  await within(5_000, readExactly(client, 4));
}

/** Whether a client is told anything by the proxy. */
async function getsIn(server: TlsProxy, as = server.authority.alice) {
  try {
    using client = await server.connect(as);
    await writeAll(client, GREETING);
    await within(5_000, readExactly(client, 2));
    return true;
  } catch {
    return false;
  }
}

/** What OpenSSL keeps of a session: only it gives tickets to who asks. */
async function ticketOf(
  { proxy }: TlsProxy,
  authority: TestAuthority,
  as?: { certificate: string; key: string },
): Promise<string | undefined> {
  const path = authority.path(`ticket-${crypto.randomUUID()}`);
  const own: string[] = [];
  if (as !== undefined) {
    await authority.save("as", as);
    own.push(
      "-cert",
      authority.path("as.crt"),
      "-key",
      authority.path("as.key"),
    );
  }
  await openssl(proxy.addr.port, authority, [...own, "-sess_out", path]);
  const isThere = await Deno.stat(path).then(() => true, () => false);
  return isThere ? path : undefined;
}

/** Whether a ticket opens the proxy: it answers a greeting. */
async function resumes(
  { proxy }: TlsProxy,
  ticket: string | undefined,
  authority: TestAuthority,
): Promise<boolean> {
  assert(ticket !== undefined);
  const output = await openssl(proxy.addr.port, authority, [
    "-sess_in",
    ticket,
  ]);
  assert(output.includes("Reused, TLS"), output);
  return output.includes(ANSWER);
}

async function openssl(
  port: number,
  { path }: TestAuthority,
  args: string[],
): Promise<string> {
  const child = new Deno.Command("openssl", {
    args: [
      ...["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof"],
      ...["-servername", "localhost", "-CAfile", path("ca.crt"), ...args],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(Uint8Array.from(GREETING)).catch(() => {});
  const said = await Promise.all([
    untilAnswered(child),
    toText(child.stderr),
  ]);
  await child.status;
  await writer.close().catch(() => {});
  return said.join("");
}

/**
 * Ends OpenSSL once the proxy has answered the greeting; if that closes, it
 * ends by itself.
 *
 * @returns All that it has printed.
 */
async function untilAnswered(child: Deno.ChildProcess): Promise<string> {
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(ANSWER)) child.kill("SIGTERM");
  }
  return text;
}
