/**
 * Clients whose authority may give some names only: the runtime refuses kinds of
 * constraints that it does not know, so what decides is Sluice's own judgement.
 */

import { assert, assertEquals } from "@std/assert";
import type { JsonName } from "@peculiar/x509";
import { issue, type TestCertificate } from "../../support/certificates.ts";
import { der, NAME, nameConstraints } from "../../support/der.ts";
import { openOpenssl } from "../../support/openssl.ts";
import { testPrograms } from "../../support/programs.ts";
import { GREETING } from "../../support/proxy.ts";
import { readExactly, within, writeAll } from "../../support/sockets.ts";
import {
  mutualTls,
  startTlsProxy,
  type TlsProxy,
} from "../../support/tls_proxy.ts";

const { directory, dns, email, ip, uri } = NAME;
const UTF8 = 0x0c;

/** One constraint of each kind. */
const KINDS: readonly {
  kind: string;
  permitted: Uint8Array;
  good: Partial<Client>;
  bad: Partial<Client>;
}[] = [
  {
    kind: "DNS name",
    permitted: dns("b.test"),
    good: { names: [dns("alice.b.test")] },
    bad: { names: [dns("alice.evil.test")] },
  },
  {
    kind: "e-mail address",
    permitted: email("b.test"),
    good: { names: [email("alice@b.test")] },
    bad: { names: [email("alice@evil.test")] },
  },
  {
    kind: "IP address",
    permitted: ip(10, 0, 0, 0, 255, 0, 0, 0),
    good: { names: [ip(10, 0, 0, 1)] },
    bad: { names: [ip(11, 0, 0, 1)] },
  },
  {
    kind: "directory name",
    permitted: directory([10, UTF8, "Acme"]),
    good: { subject: [{ O: ["Acme"] }, { CN: ["alice"] }] },
    bad: { subject: [{ O: ["Evil"] }, { CN: ["alice"] }] },
  },
  {
    kind: "URI",
    permitted: uri("b.test"),
    good: { names: [uri("spiffe://b.test/alice")] },
    bad: { names: [uri("spiffe://evil.test/alice")] },
  },
];

interface Client {
  names: readonly Uint8Array[];
  subject: JsonName;
}

interface Made {
  authority: TestCertificate;
  good: TestCertificate;
  bad: TestCertificate;
}

async function make(
  { bad, good, permitted }: typeof KINDS[number],
): Promise<Made> {
  const authority = await issue({
    ...{ name: "Constrained", isAuthority: true, usage: "none" },
    extensions: { "2.5.29.30": nameConstraints({ permitted: [permitted] }) },
  });
  const client = ({ names, subject }: Partial<Client>) =>
    issue({
      name: "alice",
      ...subject && { subject },
      ...names && { extensions: { "2.5.29.17": der(0x30, ...names) } },
    }, authority);
  return { authority, good: await client(good), bad: await client(bad) };
}

function start(trusted: TestCertificate, isOptional = false) {
  return startTlsProxy({
    async tls(authority) {
      await authority.write("ca2.crt", trusted.certificate);
      const authorities = authority.path("ca2.crt");
      return { ...mutualTls(authority), authorities, isOptional };
    },
  });
}

/** Whether a client is answered. */
async function getsIn(
  server: TlsProxy,
  shown: TestCertificate,
  minVersion: "TLSv1.2" | "TLSv1.3" = "TLSv1.2",
): Promise<boolean> {
  try {
    using client = await server.connect({ ...shown, minVersion });
    await writeAll(client, GREETING);
    await within(5_000, readExactly(client, 2));
    return true;
  } catch {
    return false;
  }
}

for (const settings of KINDS) {
  const { kind } = settings;
  Deno.test(`overTls() lets in whom an authority with a constrained ${kind} may name, and nobody else`, async () => {
    const { authority, bad, good } = await make(settings);
    for (const isOptional of [false, true]) {
      await using server = await start(authority, isOptional);
      assertEquals(await getsIn(server, good), true);
      assertEquals(await getsIn(server, good, "TLSv1.3"), true);
      assertEquals(await getsIn(server, bad), false);
      const events = await within(5_000, server.proxy.whenEnded(3));
      const { reason, result } = events.pop()!;
      assertEquals(result, "refused");
      const words = "breaks the name constraints of its authority: ";
      assert(reason.includes(words + kind), reason);
    }
  });
}

Deno.test("overTls() accepts a client that a constrained authority below the trusted one may name", async () => {
  const root = await issue({ name: "Root", isAuthority: true, usage: "none" });
  const middle = await issue({
    ...{ name: "Constrained", isAuthority: true, usage: "none" },
    extensions: {
      "2.5.29.30": nameConstraints({ permitted: [email("b.test")] }),
    },
  }, root);
  await using server = await start(root);
  for (const [host, expected] of [["b", true], ["evil", false]] as const) {
    const names = [email(`alice@${host}.test`)];
    const own = await issue(
      { name: "alice", extensions: { "2.5.29.17": der(0x30, ...names) } },
      middle,
    );
    const certificate = own.certificate + middle.certificate;
    assertEquals(await getsIn(server, { ...own, certificate }), expected);
  }
});

Deno.test("overTls() rejects a client that only claims a constrained authority", async () => {
  const { authority } = await make(KINDS[1]!);
  const forger = await make(KINDS[1]!);
  await using server = await start(authority);
  const { certificate } = forger.good;
  for (
    const more of ["", forger.authority.certificate, authority.certificate]
  ) {
    const shown = { ...forger.good, certificate: certificate + more };
    assertEquals(await getsIn(server, shown), false);
  }
  for (const { reason } of await within(5_000, server.proxy.whenEnded(3))) {
    assert(reason.includes("is from an unknown authority: subject "), reason);
  }
});

testPrograms({
  name:
    "openssl s_client gets in by the certificate of a constrained authority",
  needs: ["openssl"],
  async fn({ openssl }) {
    const { authority, bad, good } = await make(KINDS[1]!);
    await using server = await start(authority);
    await using files = await openOpenssl(openssl);
    for (const [name, certificate] of Object.entries({ bad, good })) {
      await files.putKeyed(name, certificate);
      // Without an end of its own it would wait for more.
      const { text } = await files.run(
        `s_client -connect 127.0.0.1:${server.proxy.addr.port} -cert @/${name}.crt -key @/${name}.key`,
      );
      assert(text.includes("Acceptable client certificate CA names"), text);
    }
    const events = await within(5_000, server.proxy.whenEnded(2));
    assertEquals(events.map(({ user }) => user), [undefined, "alice@b.test"]);
  },
});
