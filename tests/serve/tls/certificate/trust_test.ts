import { assert, assertEquals, assertRejects } from "@std/assert";
import type { JsonGeneralName } from "@peculiar/x509";
import { openClientTrust } from "../../../../lib/serve/tls/open_trust.ts";
import { TlsError } from "../../../../lib/net/tls/tls_error.ts";
import {
  derOf,
  issue,
  makeAuthority,
  revoke,
  type TestCertificate,
} from "../../../support/certificates.ts";

const DAY = 86_400_000;
const authority = await makeAuthority("Test authority");

/** Verifies what a client has sent, and tells whose it is, or what is wrong. */
async function judge(
  sent: readonly TestCertificate[],
  trusted: readonly TestCertificate[] = [authority],
  lists?: string,
): Promise<string> {
  const text = trusted.map(({ certificate }) => certificate).join("");
  const trust = await openClientTrust(text, lists);
  return await verdict(trust.verifyClient(sent.map(derOf)));
}

async function verdict(verifying: Promise<{ name: string }>): Promise<string> {
  try {
    return (await verifying).name;
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    assertEquals(error.kind, "refused");
    return error.message.replace("TLS handshake failed: client's ", "")
      .replace(/: subject '[^']*', serial [\da-f]+$/, "");
  }
}

/** Alternative names, the common name, and whom they stand for. */
const NAMES: readonly [JsonGeneralName[], string, string][] = [
  [[], "alice", "alice"],
  [[{ type: "dns", value: "Host.Test" }], "alice", "host.test"],
  [
    [{ type: "url", value: "spiffe://a/b" }, { type: "dns", value: "b" }],
    "alice",
    "b",
  ],
  [[{ type: "url", value: "spiffe://a/b" }], "alice", "spiffe://a/b"],
  [
    [{ type: "dns", value: "b" }, { type: "email", value: "a@b" }],
    "alice",
    "a@b",
  ],
  [[{ type: "ip", value: "127.0.0.1" }], "alice", "alice"],
  [[{ type: "dns", value: "a" }, { type: "dns", value: "b" }], "alice", "a"],
  [
    [{ type: "dns", value: "eve, email:admin@b" }],
    "alice",
    "eve, email:admin@b",
  ],
  [[], "a, CN=b", "a, CN=b"],
  [[], "", "certificate names nobody"],
  [[{ type: "email", value: "" }], "alice", "certificate names nobody"],
];

for (const [alternatives, name, expected] of NAMES) {
  const names = alternatives.map(({ type, value }) => `${type} '${value}'`);
  Deno.test(`CertificateTrust takes CN '${name}', ${names.join() || "none"} for '${expected}'`, async () => {
    const own = await issue({ name, alternatives }, authority);
    assertEquals(await judge([own]), expected);
  });
}

Deno.test("CertificateTrust rejects invalid certificates, and says why", async () => {
  const other = await makeAuthority("Test authority");
  const cases: [Promise<TestCertificate>, string][] = [
    [issue({ name: "a", days: [-9, -1] }, authority), "has expired"],
    [issue({ name: "a", days: [1, 9] }, authority), "is not yet valid"],
    [issue({ name: "a" }, other), "is from an unknown authority"],
    [issue({ name: "a" }), "is from an unknown authority"],
    [issue({ name: "a", usage: "server" }, authority), "is not for clients"],
    [
      issue({ name: "a", isAuthority: true }, authority),
      "is that of an authority",
    ],
    [
      issue({ name: "a", unknown: "1.2.3.4" }, authority),
      "has an unknown critical extension (1.2.3.4)",
    ],
  ];
  for (const [making, expected] of cases) {
    assertEquals(await judge([await making]), `certificate ${expected}`);
  }
  for (const usage of ["both", "none"] as const) {
    const own = await issue({ name: "a", usage }, authority);
    assertEquals(await judge([own]), "a", usage);
  }
});

Deno.test("CertificateTrust refuses every certificate of which a signed byte was changed", async () => {
  const trust = await openClientTrust(authority.certificate, undefined);
  const der = derOf(await issue({ name: "alice" }, authority));
  // A SEQUENCE of what is signed, which begins like this too; then the signature.
  assertEquals(der.subarray(4, 6).toHex(), "3082");
  const end = 8 + (der[6]! << 8 | der[7]!);
  for (let at = 4; at < end; at++) {
    const changed = der.slice();
    changed[at]! ^= 1 << at % 8;
    await assertRejects(() => trust.verifyClient([changed]), TlsError);
  }
});

Deno.test("CertificateTrust follows a chain, in any order, and no further than it may", async () => {
  const middle = await issue(
    { name: "Middle", isAuthority: true, pathLength: 0, usage: "none" },
    authority,
  );
  const own = await issue({ name: "alice" }, middle);
  assertEquals(await judge([own, middle]), "alice");
  assertEquals(await judge([own, authority, middle]), "alice");
  assertEquals(await judge([own], [middle]), "alice");
  const unknown = "certificate is from an unknown authority";
  assertEquals(await judge([own]), unknown);
  // One more authority than the path length allows.
  const lower = await issue(
    { name: "Lower", isAuthority: true, usage: "none" },
    middle,
  );
  const far = await issue({ name: "eve" }, lower);
  assertEquals(await judge([far, lower, middle]), unknown);
  // A client that issues: its certificate is not one of an authority.
  const forged = await issue({ name: "eve" }, own);
  assertEquals(await judge([forged, own, middle]), unknown);
});

Deno.test("CertificateTrust stops at chains without an end", async () => {
  const links = [authority];
  for (let n = 0; n < 9; n++) {
    const settings = { name: `L${n}`, isAuthority: true, usage: "none" };
    links.push(await issue(settings as { name: string }, links.at(-1)));
  }
  const own = await issue({ name: "a" }, links.at(-1));
  const sent = [own, ...links.slice(1).reverse()];
  assertEquals(await judge(sent), "certificate is too far from its authority");
  const many = Array<TestCertificate>(17).fill(own);
  assertEquals(
    await judge(many),
    "certificate came with too many other certificates",
  );
});

Deno.test("CertificateTrust.verify() checks the dates of remembered certificates again", async () => {
  const own = await issue({ name: "alice", days: [-1, 1] }, authority);
  const trust = await openClientTrust(authority.certificate, undefined);
  const now = Date.now();
  const at = (days: number) =>
    verdict(trust.verifyClient([derOf(own)], new Date(now + days * DAY)));
  assertEquals(await at(0), "alice");
  assertEquals(await at(2), "certificate has expired");
  assertEquals(await at(-2), "certificate is not yet valid");
  assertEquals(await at(0), "alice");
});

Deno.test("CertificateTrust rejects revoked certificates, and all if their state is unknown", async () => {
  const alice = await issue({ name: "alice" }, authority);
  const bob = await issue({ name: "bob", serial: "00ff01" }, authority);
  const list = await revoke([bob], authority);
  const trust = await openClientTrust(authority.certificate, list);
  const judgeAt = (own: TestCertificate, days = 0) =>
    verdict(
      trust.verifyClient([derOf(own)], new Date(Date.now() + days * DAY)),
    );
  assertEquals(await judgeAt(alice), "alice");
  assertEquals(await judgeAt(bob), "certificate is revoked");
  assertEquals(await judgeAt(bob), "certificate is revoked");
  const late = await judgeAt(
    await issue({ name: "carol", days: [-1, 99] }, authority),
    31,
  );
  // The authority's own certificate ends with the list.
  assertEquals(late, "certificate is from an authority that has expired");
  const short = await openClientTrust(
    authority.certificate,
    await revoke([], authority, [-1, 1]),
  );
  const stale = await verdict(
    short.verifyClient([derOf(alice)], new Date(Date.now() + 2 * DAY)),
  );
  assertEquals(
    stale.replace(/\(.*\)/, "(…)"),
    "certificate can't be checked: the revocation list has expired (…)",
  );
  const other = await makeAuthority("Other");
  const both = [authority, other];
  const unlisted = await issue({ name: "dave" }, other);
  assertEquals(
    await judge([unlisted], both, list),
    "certificate is from an authority without a revocation list",
  );
});

Deno.test("openClientTrust() takes no list that it can't rely on", async () => {
  const other = await makeAuthority("Test authority");
  const good = await revoke([], authority);
  const cases: [string, string][] = [
    [
      await revoke([], other),
      "the list is not signed by an authority of clients",
    ],
    [await revoke([], authority, [-9, -1]), "the list has expired (at …)"],
    [await revoke([], authority, [1, 9]), "the list is not yet valid (from …)"],
    [
      `${good}${await revoke([], authority, [-9, -1])}`,
      "the list has expired (at …)",
    ],
    [good.replace(/M/, "N"), "not a revocation list in PEM"],
    ["", "it has no revocation list"],
  ];
  for (const [list, expected] of cases) {
    const error = await assertRejects(
      () => openClientTrust(authority.certificate, list),
      SyntaxError,
    );
    const message = error.message.replace(/(at|from) 2\S+\)/, "$1 …)");
    assertEquals(message, `--tls-crl: ${expected}`);
  }
});

Deno.test("openClientTrust() accepts no authority that is none", async () => {
  const own = await issue({ name: "alice" }, authority);
  await assertRejects(
    () => openClientTrust(authority.certificate + own.certificate, undefined),
    SyntaxError,
    "CN=alice of --tls-client-ca is not an authority",
  );
  const unable = await issue({
    ...{ name: "unable", isAuthority: true, keyUsage: ["digitalSignature"] },
  });
  await assertRejects(
    () =>
      openClientTrust(authority.certificate + unable.certificate, undefined),
    SyntaxError,
    "CN=unable of --tls-client-ca is not for signing certificates: its keyUsage lacks keyCertSign",
  );
});

Deno.test("openClientTrust() rejects an authority with an unknown critical extension", async () => {
  const odd = await issue(
    { name: "Odd", isAuthority: true, usage: "none", unknown: "1.2.3.4" },
  );
  assertEquals(
    await judge([await issue({ name: "alice" }, odd)], [odd]),
    "certificate is from an authority that has an unknown critical extension (1.2.3.4)",
  );
});

Deno.test("CertificateTrust.verifyClient() says whose certificate it refuses, fit for a terminal", async () => {
  const stranger = await makeAuthority("Stranger");
  const trust = await openClientTrust(authority.certificate, undefined);
  const refusal = async (name: string, serial: string) => {
    const own = await issue({ name, serial }, stranger);
    const verifying = trust.verifyClient([derOf(own)]);
    return (await assertRejects(() => verifying, TlsError)).message;
  };
  const reason =
    "TLS handshake failed: client's certificate is from an unknown authority";
  assertEquals(
    await refusal("alice", "00ff01"),
    `${reason}: subject 'CN=alice', serial ff01`,
  );
  // Nothing that a client chooses forges what follows, or another line.
  assertEquals(
    await refusal("a', serial 1\n\u001b[2J\u202e", "01"),
    `${reason}: subject 'CN=a\\u0027\\, serial 1\\0A\\u001b[2J\\u202e', serial 01`,
  );
  const long = await refusal("é".repeat(3_000), "7f".repeat(300));
  assert(long.startsWith(`${reason}: subject 'CN=éééé`), long);
  assert(long.endsWith(`…', serial ${"7f".repeat(20)}…`), long);
  assert(long.length < reason.length + 250, `${long.length}`);
});
