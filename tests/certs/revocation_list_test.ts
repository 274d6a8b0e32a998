import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  createAuthority,
  issueCertificate,
} from "../../lib/certs/authority.ts";
import { readCertificate } from "../../lib/certs/info.ts";
import { KEY_KINDS } from "../../lib/serve/tls/certificate/keys.ts";
import type { KeyedCertificate } from "../../lib/serve/tls/keyed_certificate.ts";
import {
  addRevoked,
  createRevocationList,
  revokedSerials,
} from "../../lib/certs/revocation_list.ts";
import { openOpenssl, type Openssl } from "../support/openssl.ts";
import { testPrograms } from "../support/programs.ts";

const AUTHORITY = { name: "Test CA", days: 3650, keyKind: "ecdsa" } as const;

const LEAF = {
  name: "leaf",
  days: 365,
  keyKind: "ecdsa",
  servers: [],
  isClient: true,
} as const;

const VERIFY =
  "verify -x509_strict -crl_check -CAfile @/ca.crt -CRLfile @/ca.crl @/first.crt @/second.crt @/third.crt";

for (const keyKind of KEY_KINDS) {
  testPrograms({
    name:
      `addRevoked() makes openssl refuse a certificate when ${keyKind} signs`,
    needs: ["openssl"],
    async fn({ openssl }) {
      await using checker = await openOpenssl(openssl);
      const authority = keyKind === "rsa"
        ? await makeRsaAuthority(checker)
        : await createAuthority({ ...AUTHORITY, keyKind });
      await checker.putKeyed("ca", authority);
      let list = await createRevocationList(authority);
      await checker.put("ca.crl", list);
      const empty = await checker.say("crl -in @/ca.crl -noout -text");
      assertStringIncludes(empty, "No Revoked Certificates");
      assertMatch(empty, /CRL Number: \s+1\n/);
      const serials: string[] = [];
      for (const name of ["first", "second", "third"]) {
        const leaf = await issueCertificate(authority, { ...LEAF, name });
        await checker.putKeyed(name, leaf);
        serials.push((await readCertificate(leaf.certificate)).serial);
      }
      const before = await checker.run(VERIFY);
      assertEquals(before.code, 0, before.stderr);
      for (const serial of serials.slice(0, 2)) {
        list = await addRevoked(authority, list, serial);
      }
      await checker.put("ca.crl", list);
      const after = await checker.run(VERIFY);
      for (const name of ["first", "second"]) {
        assertMatch(
          after.stderr,
          new RegExp(`: certificate revoked\nerror \\S+/${name}\\.crt: `),
        );
      }
      assertMatch(after.text, /^\S+\/third\.crt: OK\n$/);
      const text = await checker.say(
        "crl -in @/ca.crl -noout -text -CAfile @/ca.crt",
      );
      assertStringIncludes(text, "verify OK");
      assertStringIncludes(text, "Version 2");
      assertMatch(text, /CRL Number: \s+3\n/);
      assertEquals(text.match(/Serial Number:/g)?.length, 2);
      assertEquals(text.match(/Privilege Withdrawn/g)?.length, 2);
    },
  });
}

Deno.test("addRevoked() keeps a list unchanged when it contains the certificate", async () => {
  const authority = await createAuthority(AUTHORITY);
  const empty = await createRevocationList(authority);
  const list = await addRevoked(authority, empty, "0a0b");
  assertEquals(await addRevoked(authority, list, "a0b"), list);
  assertEquals(await addRevoked(authority, list, "000A0B"), list);
  assertEquals([...await revokedSerials(list)], ["0a0b"]);
});

testPrograms({
  name: "addRevoked() adds to long lists and keeps their entries",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const authority = await createAuthority(AUTHORITY);
    // The highest bit is the sign, unless a zero byte precedes it.
    const serials = ["01", "80", "ff".repeat(20)];
    // More entries than the library parses by itself.
    for (let n = 0; n < 1_500; n++) serials.push((0x1000 + n).toString(16));
    const long = await makeList(checker, authority, serials.slice(1));
    const list = await addRevoked(authority, long, serials[0]!);
    assertEquals(await revokedSerials(list), new Set(serials));
    await checker.put("ca.crl", list);
    const text = await checker.say("crl -in @/ca.crl -noout -text");
    assertMatch(text, /CRL Number: \s+128\n/);
    assertMatch(text, /Serial Number: 80\n/);
    assertMatch(text, /Serial Number: F{40}\n/);
    assertEquals(text.match(/Serial Number:/g)?.length, serials.length);
    assertEquals(text.match(/Key Compromise/g)?.length, serials.length - 1);
  },
});

testPrograms({
  name: "addRevoked() refuses a list that would be too long",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using checker = await openOpenssl(openssl);
    const authority = await createAuthority(AUTHORITY);
    const serials = Array.from(
      { length: 5_000 },
      (_, n) => (0x1000 + n).toString(16).toUpperCase(),
    );
    const full = await makeList(checker, authority, serials);
    await assertRejects(
      () => addRevoked(authority, full, "01"),
      SyntaxError,
      "the revocation list is full: 5000",
    );
    assertEquals(await addRevoked(authority, full, "1000"), full);
  },
});

Deno.test("addRevoked() refuses a malformed list or another authority's", async () => {
  const authority = await createAuthority(AUTHORITY);
  const other = await createAuthority(AUTHORITY);
  const foreign = await createRevocationList(other);
  await assertRejects(
    () => addRevoked(authority, foreign, "01"),
    SyntaxError,
    "the revocation list belongs to another authority",
  );
  for (const text of ["", authority.certificate, foreign.slice(0, -40)]) {
    await assertRejects(
      () => addRevoked(authority, text, "01"),
      SyntaxError,
      "not a revocation list in PEM",
    );
  }
});

/** An authority from openssl, which makes an RSA key in less time. */
async function makeRsaAuthority(checker: Openssl): Promise<KeyedCertificate> {
  const { code, stderr } = await checker.run(
    "req -x509 -newkey rsa:2048 -nodes -keyout @/made.key -out @/made.crt -days 9 -subj /CN=RSA -addext keyUsage=critical,keyCertSign,cRLSign",
  );
  assertEquals(code, 0, stderr);
  return {
    certificate: await Deno.readTextFile(`${checker.path}/made.crt`),
    key: await Deno.readTextFile(`${checker.path}/made.key`),
  };
}

/**
 * A list from openssl, with number 127 and a different reason in each entry.
 */
async function makeList(
  checker: Openssl,
  authority: KeyedCertificate,
  serials: readonly string[],
): Promise<string> {
  await checker.putKeyed("ca", authority);
  const rows = serials.map((serial) =>
    ["R", "400101000000Z", "260101000000Z,keyCompromise", serial, "", "/CN=x"]
      .join("\t") + "\n"
  );
  const database = await checker.put("index.txt", rows.join(""));
  const number = await checker.put("number", "7F\n");
  await checker.put(
    "openssl.cnf",
    `[ca]\ndefault_ca = own\n[own]\ndatabase = ${database}\ncrlnumber = ${number}\ndefault_md = sha256\n`,
  );
  const { code, text, stderr } = await checker.run(
    "ca -gencrl -config @/openssl.cnf -cert @/ca.crt -keyfile @/ca.key -crldays 30",
  );
  assertEquals(code, 0, stderr);
  return text;
}
