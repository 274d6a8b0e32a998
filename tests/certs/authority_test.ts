import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  createAuthority,
  issueCertificate,
  type IssueSettings,
} from "../../lib/certs/authority.ts";
import { isIssuedBy, readCertificate } from "../../lib/certs/info.ts";
import {
  KEY_KINDS,
  type KeyKind,
} from "../../lib/serve/tls/certificate/keys.ts";
import type { KeyedCertificate } from "../../lib/serve/tls/keyed_certificate.ts";
import { createRevocationList } from "../../lib/certs/revocation_list.ts";
import { openOpenssl } from "../support/openssl.ts";
import { testPrograms } from "../support/programs.ts";

const DAY = 86_400_000;

const AUTHORITY = { name: "Test CA", days: 3650, keyKind: "ecdsa" } as const;

const LEAF: IssueSettings = {
  name: "leaf",
  days: 365,
  keyKind: "ecdsa",
  servers: ["localhost", "*.example.com", new Uint8Array([127, 0, 0, 1])],
  isClient: true,
};

const VERIFY = "verify -x509_strict -check_ss_sig -CAfile @/ca.crt";

/**
 * One authority of each kind for the whole file, because an RSA key takes a
 * second to make.
 */
const AUTHORITIES = Object.fromEntries(
  await Promise.all(KEY_KINDS.map(async (keyKind) => {
    return [keyKind, await createAuthority({ ...AUTHORITY, keyKind })] as const;
  })),
) as Record<KeyKind, KeyedCertificate>;

/** Certificates by the kinds of both keys, for the same reason. */
const leaves = new Map<string, Promise<KeyedCertificate>>();

/** A certificate with every field. */
function leafOf(
  authorityKind: KeyKind,
  keyKind: KeyKind,
): Promise<KeyedCertificate> {
  return leaves.getOrInsertComputed(
    `${authorityKind} ${keyKind}`,
    () =>
      issueCertificate(AUTHORITIES[authorityKind], {
        ...LEAF,
        name: "bob@example.com",
        keyKind,
      }),
  );
}

/** Names that a careless encoder could misinterpret. */
const NAMES = [
  "ab",
  "a".repeat(64),
  "Żółw ☃ 日本",
  "a,O=Evil",
  "a+O=Evil",
  "CN=a/O=Evil",
  "#0c0141",
  '"quoted"',
  String.raw`back\slash\0a`,
  "a;b<c>d",
  "a@b",
];

/**
 * Who signs what. Each kind signs the other too, where a mix-up of the two keys
 * shows; RSA with RSA would show no more, and takes another second.
 */
const PAIRS: readonly (readonly [authority: KeyKind, leaf: KeyKind])[] = [
  ["ecdsa", "ecdsa"],
  ["ecdsa", "rsa"],
  ["rsa", "ecdsa"],
];

for (const [authorityKind, keyKind] of PAIRS) {
  testPrograms({
    name:
      `issueCertificate() satisfies openssl when ${authorityKind} signs ${keyKind}`,
    needs: ["openssl"],
    async fn({ openssl }) {
      await using checker = await openOpenssl(openssl);
      const authority = AUTHORITIES[authorityKind];
      const leaf = await leafOf(authorityKind, keyKind);
      await checker.putKeyed("ca", authority);
      await checker.putKeyed("leaf", leaf);
      for (const purpose of ["sslserver", "sslclient"]) {
        const { code, stderr } = await checker.run(
          `${VERIFY} -purpose ${purpose} @/leaf.crt`,
        );
        assertEquals(code, 0, stderr);
      }
      const held = await checker.say("pkey -in @/leaf.key -pubout");
      const text = await checker.say(
        "x509 -in @/leaf.crt -noout -pubkey -text",
      );
      assert(text.startsWith(held), text);
      assertStringIncludes(
        text,
        keyKind === "rsa" ? "Public-Key: (3072 bit)" : "ASN1 OID: prime256v1",
      );
      assertStringIncludes(
        text,
        authorityKind === "rsa"
          ? "Signature Algorithm: sha256WithRSAEncryption"
          : "Signature Algorithm: ecdsa-with-SHA256",
      );
    },
  });
}

testPrograms({
  name: "issueCertificate() allows its purpose and nothing else",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const authority = AUTHORITIES.ecdsa;
    const purposes = [
      { servers: LEAF.servers, isClient: false, good: ["SSL server"] },
      { servers: [], isClient: true, good: ["SSL client"] },
      { ...LEAF, good: ["SSL server", "SSL client"] },
    ];
    const all = ["SSL server", "SSL client", "S/MIME signing", "CRL signing"];
    for (const { servers, isClient, good } of purposes) {
      const settings = { ...LEAF, servers, isClient };
      const made = await issueCertificate(authority, settings);
      await checker.putKeyed("leaf", made);
      const text = await checker.say("x509 -in @/leaf.crt -noout -purpose");
      for (const purpose of all) {
        const answer = good.includes(purpose) ? "Yes" : "No";
        assertStringIncludes(text, `\n${purpose} : ${answer}\n`);
      }
      const info = await readCertificate(made.certificate);
      assertEquals(info.isClient, isClient);
      assertEquals(info.servers.length, servers.length);
      assertEquals(info.isAuthority, false);
    }
  },
});

testPrograms({
  name: "issueCertificate() covers only its names and addresses",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const authority = AUTHORITIES.ecdsa;
    await checker.putKeyed("ca", authority);
    const ipv6 = new Uint8Array(16);
    ipv6[15] = 1;
    const servers = [...LEAF.servers, ipv6];
    const leaf = await issueCertificate(authority, { ...LEAF, servers });
    await checker.putKeyed("leaf", leaf);
    const cases = [
      { option: "-verify_hostname localhost", isGood: true },
      { option: "-verify_hostname a.example.com", isGood: true },
      { option: "-verify_ip 127.0.0.1", isGood: true },
      { option: "-verify_ip ::1", isGood: true },
      { option: "-verify_hostname leaf", isGood: false },
      { option: "-verify_hostname example.com", isGood: false },
      { option: "-verify_hostname a.b.example.com", isGood: false },
      { option: "-verify_ip 127.0.0.2", isGood: false },
    ];
    for (const { option, isGood } of cases) {
      const { code } = await checker.run(`${VERIFY} ${option} @/leaf.crt`);
      assertEquals(code === 0, isGood, option);
    }
    const { servers: read } = await readCertificate(leaf.certificate);
    assertEquals(read.slice(0, 3), ["localhost", "*.example.com", "127.0.0.1"]);
  },
});

testPrograms({
  name: "createAuthority() and issueCertificate() write every field",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    await checker.putKeyed("ca", AUTHORITIES.ecdsa);
    await checker.putKeyed("leaf", await leafOf("ecdsa", "rsa"));
    const root = await checker.say("x509 -in @/ca.crt -noout -text");
    const leaf = await checker.say("x509 -in @/leaf.crt -noout -text");
    const rootLines = [
      /Version: 3/,
      /Issuer: CN = Test CA\n/,
      /Subject: CN = Test CA\n/,
      /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/,
      /Key Usage: critical\s+Certificate Sign, CRL Sign\n/,
    ];
    for (const line of rootLines) assertMatch(root, line);
    assert(!root.includes("Extended Key Usage"), root);
    const leafLines = [
      /Version: 3/,
      /Issuer: CN = Test CA\n/,
      /Subject: CN = bob@example\.com\n/,
      /Basic Constraints: critical\s+CA:FALSE\n/,
      /Key Usage: critical\s+Digital Signature, Key Encipherment\n/,
      /Extended Key Usage: \s+TLS Web Server Authentication, TLS Web Client Authentication\n/,
      /Alternative Name: \s+DNS:localhost, DNS:\*\.example\.com, IP Address:127\.0\.0\.1, email:bob@example\.com\n/,
    ];
    for (const line of leafLines) assertMatch(leaf, line);
    const own = /Subject Key Identifier: \s+([\dA-F:]+)/.exec(root)![1];
    const signer = /Authority Key Identifier: \s+([\dA-F:]+)/.exec(leaf)![1];
    assertEquals(signer, own);
  },
});

testPrograms({
  name:
    "createAuthority() and issueCertificate() write any name as one attribute",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const authorities: string[] = [];
    for (const [index, name] of NAMES.entries()) {
      const authority = await createAuthority({ ...AUTHORITY, name });
      const leaf = await issueCertificate(authority, { ...LEAF, name });
      authorities.push(authority.certificate);
      await checker.putKeyed(`${index}`, leaf);
      assertEquals((await readCertificate(leaf.certificate)).name, name);
    }
    // Of all authorities, openssl must find the one with the exact name.
    await checker.put("ca.crt", authorities.join(""));
    const files = NAMES.map((_, index) => `@/${index}.crt`);
    const said = await checker.say(
      `${VERIFY} -show_chain -nameopt sep_multiline,utf8 ${files.join(" ")}`,
    );
    for (const [index, name] of NAMES.entries()) {
      assertStringIncludes(
        said,
        `/${index}.crt: OK\nChain:\ndepth=0: CN=${name} (untrusted)\ndepth=1: CN=${name}\n`,
      );
    }
  },
});

testPrograms({
  name: "createAuthority() and issueCertificate() reach beyond 2050",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const days = 36_500;
    const authority = await createAuthority({ ...AUTHORITY, days });
    const leaf = await issueCertificate(authority, { ...LEAF, days });
    await checker.putKeyed("ca", authority);
    await checker.putKeyed("leaf", leaf);
    await checker.put("ca.crl", await createRevocationList(authority));
    const year = new Date(Date.now() + days * DAY).getUTCFullYear();
    for (const name of ["ca", "leaf"]) {
      // The form of RFC 5280 §4.1.2.5 from 2050 on, and before.
      const parts = await checker.say(`asn1parse -in @/${name}.crt`);
      const times = /UTCTIME[^\n]*\n[^\n]*GENERALIZEDTIME +:(\d{4})/;
      assertEquals(times.exec(parts)?.[1], `${year}`, parts);
    }
    const late = Math.floor(Date.now() / 1000) + 90 * 365 * 86_400;
    const { code, stderr } = await checker.run(
      `${VERIFY} -crl_check -CRLfile @/ca.crl -attime ${late} @/leaf.crt`,
    );
    assertEquals(code, 0, stderr);
  },
});

testPrograms({
  name: "issueCertificate() signs for an authority from openssl",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const kinds = ["ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048"];
    for (const kind of kinds) {
      const made = await checker.run(
        `req -x509 -newkey ${kind} -nodes -keyout @/ca.key -out @/ca.crt -days 9 -subj /C=PL/O=Else/CN=Elsewhere -addext subjectKeyIdentifier=01:02:03 -addext authorityKeyIdentifier=none -addext keyUsage=critical,keyCertSign,cRLSign`,
      );
      assertEquals(made.code, 0, made.stderr);
      const authority = {
        certificate: await Deno.readTextFile(`${checker.path}/ca.crt`),
        key: await Deno.readTextFile(`${checker.path}/ca.key`),
      };
      const leaf = await issueCertificate(authority, LEAF);
      await checker.putKeyed("leaf", leaf);
      await checker.put("ca.crl", await createRevocationList(authority));
      const { code, stderr } = await checker.run(
        "verify -x509_strict -CAfile @/ca.crt -crl_check -CRLfile @/ca.crl @/leaf.crt",
      );
      assertEquals(code, 0, stderr);
    }
  },
});

Deno.test("issueCertificate() does not outlive its authority", async () => {
  const authority = await createAuthority({ ...AUTHORITY, days: 10 });
  const { notAfter } = await readCertificate(authority.certificate);
  const long = await issueCertificate(authority, { ...LEAF, days: 365 });
  assertEquals((await readCertificate(long.certificate)).notAfter, notAfter);
  const short = await issueCertificate(authority, { ...LEAF, days: 9 });
  assert((await readCertificate(short.certificate)).notAfter < notAfter);
});

Deno.test("issueCertificate() sets a start a little early and the exact end", async () => {
  const authority = AUTHORITIES.ecdsa;
  const from = new Date("2030-01-31T12:00:00Z");
  const leaf = await issueCertificate(authority, { ...LEAF, from, days: 28 });
  const { notBefore, notAfter } = await readCertificate(leaf.certificate);
  assertEquals(notBefore, new Date("2030-01-31T11:55:00Z"));
  assertEquals(notAfter, new Date("2030-02-28T12:00:00Z"));
});

Deno.test("issueCertificate() gives every certificate a different serial number", async () => {
  const authority = AUTHORITIES.ecdsa;
  const serials = new Set<string>();
  for (let n = 0; n < 20; n++) {
    const { certificate } = await issueCertificate(authority, LEAF);
    const { serial } = await readCertificate(certificate);
    // 16 bytes without a sign bit.
    assertMatch(serial, /^[4-7][\da-f]{31}$/);
    serials.add(serial);
  }
  assertEquals(serials.size, 20);
});

Deno.test("issueCertificate() refuses an invalid authority without revealing secrets", async (t) => {
  const authority = AUTHORITIES.ecdsa;
  const other = await createAuthority(AUTHORITY);
  const { rsa } = AUTHORITIES;
  const leaf = await issueCertificate(authority, LEAF);
  const from = new Date(Date.now() - 20 * DAY);
  const expired = await createAuthority({ ...AUTHORITY, from, days: 10 });
  const cases: { name: string; pair: KeyedCertificate; why: string }[] = [
    { name: "a leaf", pair: leaf, why: "is not one of an authority" },
    {
      name: "another authority's key",
      pair: { ...authority, key: other.key },
      why: "the key belongs to another certificate",
    },
    {
      name: "an RSA key for an ECDSA authority",
      pair: { ...authority, key: rsa.key },
      why: "not a private ECDSA key on P-256 in PEM",
    },
    {
      name: "an ECDSA key for an RSA authority",
      pair: { ...rsa, key: authority.key },
      why: "not a private RSA key in PEM",
    },
    {
      name: "a truncated key",
      pair: { ...authority, key: authority.key.slice(0, -60) },
      why: "not a private ECDSA key",
    },
    {
      name: "a key instead of a certificate",
      pair: { certificate: authority.key, key: authority.key },
      why: "not a certificate in PEM",
    },
    {
      name: "a truncated certificate",
      pair: { ...authority, certificate: authority.certificate.slice(0, 200) },
      why: "not a certificate in PEM",
    },
    {
      name: "a certificate with missing bytes",
      pair: {
        ...authority,
        certificate: authority.certificate.replace(/\n.{64}\n/, "\n"),
      },
      why: "not a certificate in PEM",
    },
    { name: "expired", pair: expired, why: "the authority has expired at 20" },
  ];
  for (const { name, pair, why } of cases) {
    await t.step(name, async () => {
      const error = await assertRejects(
        () => issueCertificate(pair, LEAF),
        SyntaxError,
        why,
      );
      const shown = Deno.inspect(error) + Deno.inspect(error.cause);
      for (const line of pair.key.split("\n").filter((text) => text !== "")) {
        assert(!shown.includes(line), name);
      }
    });
  }
});

Deno.test("isIssuedBy() distinguishes authorities with the same name", async () => {
  const authority = AUTHORITIES.ecdsa;
  const other = AUTHORITIES.rsa;
  const { certificate } = await issueCertificate(authority, LEAF);
  assertEquals(await isIssuedBy(certificate, authority.certificate), true);
  assertEquals(await isIssuedBy(certificate, other.certificate), false);
  const own = authority.certificate;
  assertEquals(await isIssuedBy(own, own), true);
});

Deno.test("readCertificate() finds a certificate among other text", async () => {
  const authority = AUTHORITIES.ecdsa;
  const { key, certificate } = authority;
  const info = await readCertificate(`# a comment\n${key}\n${certificate}`);
  assertEquals(info.name, AUTHORITY.name);
  assertEquals(info.isAuthority, true);
  const windows = certificate.replaceAll("\n", "\r\n");
  assertEquals((await readCertificate(windows)).serial, info.serial);
});

Deno.test("readCertificate() refuses every truncated text", async () => {
  const { certificate } = AUTHORITIES.ecdsa;
  const end = certificate.trimEnd().length;
  for (let length = 0; length < end; length += 7) {
    await assertRejects(
      () => readCertificate(certificate.slice(0, length)),
      SyntaxError,
      "not a certificate in PEM",
    );
  }
});
