import { assert, assertEquals, assertThrows } from "@std/assert";
import type { JsonName } from "@peculiar/x509";
import { constraintFault } from "../../../lib/serve/tls/constrained_chain.ts";
import { readCertificateFields } from "../../../lib/serve/tls/certificate/fields.ts";
import {
  readGeneralName,
  readNames,
} from "../../../lib/serve/tls/general_name.ts";
import { NameConstraints } from "../../../lib/serve/tls/name_constraints.ts";
import { openClientTrust } from "../../../lib/serve/tls/open_trust.ts";
import {
  loadX509,
  parseCertificate,
} from "../../../lib/serve/tls/x509_library.ts";
import { parseDer } from "../../../lib/wire/der.ts";
import {
  derOf,
  issue,
  type TestCertificate,
} from "../../support/certificates.ts";
import {
  der,
  directoryName,
  NAME,
  nameConstraints,
} from "../../support/der.ts";
import { openOpenssl } from "../../support/openssl.ts";
import { testPrograms } from "../../support/programs.ts";

const x509 = await loadX509();

type Names = readonly Uint8Array[];

interface Constraints {
  permitted?: Names;
  excluded?: Names;
}

/** A chain: a constrained authority, others below it, and a client. */
interface Chain {
  what: string;
  root?: Constraints;
  /** An authority between both, where there is one. */
  middle?: Constraints & { names?: Names; isSelfIssued?: boolean };
  /** Alternative names of the client. */
  names?: Names;
  /** Its subject (default the common name `alice`). */
  subject?: JsonName;
  /** What is wrong; nothing is that it is good. */
  fault?: string;
}

const { directory, dns, email, ip, other, registered, uri } = NAME;
const A_TEST = [dns("a.test")];
const UTF8 = 0x0c;
const PRINTABLE = 0x13;
const BMP = 0x1e;
const O = 10;
const C = 6;
const ACME = [O, UTF8, "Acme"] as const;
const UPN = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 3];

/** Each is shown to `openssl verify` too. */
const CHAINS: readonly Chain[] = [
  { what: "no constraint", names: [dns("b.test")] },
  // DNS names.
  { what: "the DNS name itself", root: { permitted: A_TEST }, names: A_TEST },
  {
    what: "a DNS name below",
    root: { permitted: A_TEST },
    names: [dns("x.y.a.test")],
  },
  {
    what: "a DNS name in capitals",
    root: { permitted: A_TEST },
    names: [dns("X.A.TEST")],
  },
  {
    what: "a DNS name that only ends like it",
    root: { permitted: A_TEST },
    names: [dns("xa.test")],
    fault: "DNS name 'xa.test' is not permitted",
  },
  {
    what: "a DNS name below a dot",
    root: { permitted: [dns(".a.test")] },
    names: [dns("x.a.test")],
  },
  {
    what: "the DNS name behind a dot",
    root: { permitted: [dns(".a.test")] },
    names: A_TEST,
    fault: "DNS name 'a.test' is not permitted",
  },
  {
    what: "one of two DNS names",
    root: { permitted: A_TEST },
    names: [...A_TEST, dns("b.test")],
    fault: "DNS name 'b.test' is not permitted",
  },
  {
    what: "a second permission",
    root: { permitted: [dns("b.test"), ...A_TEST] },
    names: A_TEST,
  },
  {
    what: "an excluded DNS name",
    root: { excluded: A_TEST },
    names: [dns("x.a.test")],
    fault: "DNS name 'x.a.test' is excluded",
  },
  {
    what: "a DNS name beside the excluded one",
    root: { excluded: A_TEST },
    names: [dns("b.test")],
  },
  {
    what: "an exclusion below a permission",
    root: { permitted: A_TEST, excluded: [dns("x.a.test")] },
    names: [dns("x.a.test")],
    fault: "DNS name 'x.a.test' is excluded",
  },
  {
    what: "all DNS names excluded",
    root: { excluded: [dns("")] },
    names: A_TEST,
    fault: "DNS name 'a.test' is excluded",
  },
  {
    what: "no name of the kind",
    root: { permitted: A_TEST },
    names: [email("a@b.test")],
  },
  {
    what: "a common name that looks like a DNS name",
    root: { permitted: A_TEST },
    subject: [{ CN: ["www.b.test"] }],
    fault: "DNS name 'www.b.test' is not permitted",
  },
  {
    what: "such a common name beside a good DNS name",
    root: { permitted: A_TEST },
    subject: [{ CN: ["www.b.test"] }],
    names: A_TEST,
  },
  {
    what: "a common name of one label",
    root: { permitted: A_TEST },
    subject: [{ CN: ["alice"] }],
  },
  // E-mail addresses.
  {
    what: "a mailbox of a host",
    root: { permitted: [email("b.test")] },
    names: [email("a@B.test")],
  },
  {
    what: "a mailbox of a host below",
    root: { permitted: [email("b.test")] },
    names: [email("a@x.b.test")],
    fault: "e-mail address 'a@x.b.test' is not permitted",
  },
  {
    what: "a mailbox below a domain",
    root: { permitted: [email(".b.test")] },
    names: [email("a@x.B.test")],
  },
  {
    what: "a mailbox of the domain",
    root: { permitted: [email(".b.test")] },
    names: [email("a@b.test")],
    fault: "e-mail address 'a@b.test' is not permitted",
  },
  {
    what: "the one mailbox",
    root: { permitted: [email("a@b.test")] },
    names: [email("a@B.TEST")],
  },
  {
    what: "the one mailbox in capitals",
    root: { permitted: [email("a@b.test")] },
    names: [email("A@b.test")],
    fault: "e-mail address 'A@b.test' is not permitted",
  },
  {
    what: "an excluded mailbox",
    root: { excluded: [email("a@b.test")] },
    names: [email("a@b.test")],
    fault: "e-mail address 'a@b.test' is excluded",
  },
  {
    what: "an e-mail address in the subject",
    root: { permitted: [email("b.test")] },
    subject: [{ CN: ["alice"] }, { E: ["a@c.test"] }],
    fault: "e-mail address 'a@c.test' is not permitted",
  },
  {
    what: "an e-mail address without a host",
    root: { permitted: [email("b.test")] },
    names: [email("alice")],
    fault: "e-mail address 'alice' is none that constraints can be applied to",
  },
  // Addresses.
  {
    what: "an address in a range",
    root: { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
    names: [ip(10, 1, 2, 3)],
  },
  {
    what: "an address out of a range",
    root: { permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] },
    names: [ip(11, 1, 2, 3)],
    fault: "IP address 11.1.2.3 is not permitted",
  },
  {
    what: "an address of version 6 in an excluded range",
    root: {
      excluded: [
        ip(0x20, 1, ...Array(14).fill(0), 255, 255, ...Array(14).fill(0)),
      ],
    },
    names: [ip(0x20, 1, ...Array(13).fill(0), 7)],
    fault: "IP address 2001::7 is excluded",
  },
  {
    what: "an address of version 6 where only version 4 is permitted",
    root: { permitted: [ip(0, 0, 0, 0, 0, 0, 0, 0)] },
    names: [ip(0x20, 1, ...Array(13).fill(0), 7)],
    fault: "IP address 2001::7 is not permitted",
  },
  // Directory names.
  {
    what: "a directory name below, of another kind of text",
    root: { permitted: [directory([O, PRINTABLE, " ACME  "])] },
    subject: [{ O: ["Acme"] }, { CN: ["alice"] }],
  },
  {
    what: "a directory name beside",
    root: { permitted: [directory(ACME)] },
    subject: [{ O: ["Evil"] }, { CN: ["alice"] }],
    fault: "directory name is not permitted",
  },
  {
    what: "a directory name of the same parts in another order",
    root: { permitted: [directory(ACME)] },
    subject: [{ CN: ["alice"] }, { O: ["Acme"] }],
    fault: "directory name is not permitted",
  },
  {
    what: "an excluded directory name",
    root: { excluded: [directory([C, PRINTABLE, "XX"], ACME)] },
    subject: [{ C: ["XX"] }, { O: ["acme"] }, { CN: ["alice"] }],
    fault: "directory name is excluded",
  },
  {
    what: "an alternative directory name",
    root: { permitted: [directory(ACME)] },
    subject: [{ O: ["Acme"] }],
    names: [directory([O, BMP, "\0E\0v\0i\0l"])],
    fault: "directory name is not permitted",
  },
  // URIs.
  {
    what: "a URI of the host",
    root: { permitted: [uri("b.test")] },
    names: [uri("spiffe://B.test/alice")],
  },
  {
    what: "a URI of a host below",
    root: { permitted: [uri("b.test")] },
    names: [uri("spiffe://x.b.test/alice")],
    fault: "URI 'spiffe://x.b.test/alice' is not permitted",
  },
  {
    what: "a URI without a host",
    root: { excluded: [uri("b.test")] },
    names: [uri("urn:b.test")],
    fault: "URI 'urn:b.test' has no host that constraints can be applied to",
  },
  // Kinds that are not compared.
  {
    what: "a registered id where those are constrained",
    root: { permitted: [registered(0x2a, 3)] },
    names: [registered(0x2a, 3)],
    fault: "registered id is of a kind whose constraints are not supported",
  },
  {
    what: "another name where others are constrained",
    root: { permitted: [other([0x2a, 3], "a")] },
    names: [other([0x2a, 4], "a")],
  },
  {
    what: "another name of the kind that is constrained",
    root: { permitted: [other([0x2a, 3], "a")] },
    names: [other([0x2a, 3], "a")],
    fault: "another name is of a kind whose constraints are not supported",
  },
  {
    what: "a Windows user where DNS names are constrained",
    root: { permitted: A_TEST },
    names: [other(UPN, "a@b.test")],
  },
  // Longer chains.
  {
    what: "constraints of an authority between",
    middle: { permitted: A_TEST },
    names: [dns("b.test")],
    fault: "DNS name 'b.test' is not permitted",
  },
  {
    what: "constraints of the trusted authority upon a client far below",
    root: { permitted: A_TEST },
    middle: { permitted: [dns("test")] },
    names: [dns("b.test")],
    fault: "DNS name 'b.test' is not permitted",
  },
  {
    what: "a name of the authority between",
    root: { permitted: A_TEST },
    middle: { names: [dns("b.test")] },
    names: A_TEST,
    fault: "DNS name 'b.test' is not permitted",
  },
  {
    what: "a name of an authority between that is the same as the one above",
    root: { permitted: A_TEST },
    middle: { names: [dns("b.test")], isSelfIssued: true },
    names: A_TEST,
  },
];

interface Made {
  root: TestCertificate;
  middle: TestCertificate | undefined;
  own: TestCertificate;
}

const NAME_CONSTRAINTS = "2.5.29.30";

/** What tells OpenSSL apart two authorities of one name. */
const SUBJECT_KEY = "2.5.29.14";
const AUTHORITY_KEY = "2.5.29.35";
const ROOT_KEY = [1];
const KEY = [2];

function constraintsOf(constraints: Constraints | undefined) {
  const { excluded, permitted } = constraints ?? {};
  if (excluded === undefined && permitted === undefined) return {};
  return { [NAME_CONSTRAINTS]: nameConstraints(constraints!) };
}

function alternativesOf(names: Names | undefined) {
  return names === undefined ? {} : { "2.5.29.17": der(0x30, ...names) };
}

/** Chains that two tests show, made once; their authorities have own names. */
const made = new Map<Chain, Promise<Made>>();

function madeOf(chain: Chain): Promise<Made> {
  return made.getOrInsertComputed(
    chain,
    () => make(chain, `Root ${CHAINS.indexOf(chain)}`),
  );
}

async function make(
  { middle, names, root, subject }: Omit<Chain, "what">,
  name = "Root",
): Promise<Made> {
  const authority = await issue({
    ...{ name, isAuthority: true, usage: "none" },
    extensions: { ...constraintsOf(root), [SUBJECT_KEY]: der(0x04, ROOT_KEY) },
  });
  const between = middle === undefined ? undefined : await issue({
    name: middle.isSelfIssued ? name : `Below ${name}`,
    ...{ isAuthority: true, usage: "none" },
    extensions: {
      ...constraintsOf(middle),
      ...alternativesOf(middle.names),
      [SUBJECT_KEY]: der(0x04, KEY),
      [AUTHORITY_KEY]: der(0x30, der(0x80, ROOT_KEY)),
    },
  }, authority);
  const own = await issue({
    name: "alice",
    ...subject === undefined ? {} : { subject },
    extensions: {
      ...alternativesOf(names),
      ...between && { [AUTHORITY_KEY]: der(0x30, der(0x80, KEY)) },
    },
  }, between ?? authority);
  return { root: authority, middle: between, own };
}

/** What is wrong with the names; nothing is that there is nothing. */
function judge({ middle, own, root }: Made): string | undefined {
  const links = [own, ...middle === undefined ? [] : [middle], root];
  return constraintFault(
    links.map(({ certificate }) => parseCertificate(x509, certificate)),
  );
}

Deno.test("constraintFault() says which name breaks which constraint", async () => {
  assert(CHAINS.length >= 40);
  for (const chain of CHAINS) {
    const { fault, what } = chain;
    assertEquals(judge(await madeOf(chain)), fault, what);
  }
});

testPrograms({
  name: "constraintFault() judges as 'openssl verify' does",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using files = await openOpenssl(openssl);
    const chains = await Promise.all(CHAINS.map(madeOf));
    const textOf = (certificates: (TestCertificate | undefined)[]) =>
      certificates.map((one) => one?.certificate ?? "").join("");
    await files.put("roots", textOf(chains.map(({ root }) => root)));
    await files.put("middles", textOf(chains.map(({ middle }) => middle)));
    const leaves = await Promise.all(
      chains.map(({ own }, at) => files.put(`own${at}`, own.certificate)),
    );
    const { text, stderr } = await files.run(
      `verify -CAfile @/roots -untrusted @/middles ${leaves.join(" ")}`,
    );
    // 47 to 53: codes of names and constraints upon them.
    const refused = [...stderr.matchAll(
      /error (?:4[7-9]|5[0-3]) at .*\nerror (.+): verification failed/g,
    )].map(([, path]) => path);
    for (const [at, { fault, what }] of CHAINS.entries()) {
      const path = leaves[at]!;
      const isGood = fault === undefined;
      assertEquals(text.includes(`${path}: OK\n`), isGood, what);
      assertEquals(refused.includes(path), !isGood, `${what}: ${stderr}`);
    }
  },
});

/** Of these OpenSSL sees less; whoever is called by a name has it judged. */
Deno.test("constraintFault() judges the name that a client is called by", async () => {
  const root = { permitted: [email("b.test")] };
  const called = (name: string, names?: Names) =>
    make({ root, subject: [{ CN: [name] }], ...names && { names } });
  assertEquals(judge(await called("a@b.test")), undefined);
  assertEquals(
    judge(await called("a@c.test")),
    "e-mail address 'a@c.test' is not permitted",
  );
  assertEquals(judge(await called("a@c.test", [email("a@b.test")])), undefined);
});

Deno.test("constraintFault() rejects names to which constraints cannot be applied", async () => {
  const bounds = der(
    0x30,
    der(0xa0, der(0x30, dns("a.test"), der(0x80, [1]))),
  );
  const mailbox = other([0x2b, 6, 1, 5, 5, 7, 8, 9], "a@b.test");
  const cases: [Record<string, Uint8Array>, Names, string][] = [
    [
      { [NAME_CONSTRAINTS]: bounds },
      A_TEST,
      "DNS name 'a.test' has constraints with bounds of depth, which are not supported",
    ],
    [
      constraintsOf({ permitted: [email("b.test")] }),
      [mailbox],
      "another name is none that constraints can be applied to",
    ],
    [
      constraintsOf({ permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }),
      [ip(10, 0, 0)],
      "IP address is none that constraints can be applied to",
    ],
    [
      constraintsOf({ excluded: [uri("b.test")] }),
      [uri("http://a@b.test/")],
      "URI 'http://a@b.test/' has no host that constraints can be applied to",
    ],
    [
      { [NAME_CONSTRAINTS]: der(0x30, der(0xa0, [0x30, 9])) },
      A_TEST,
      "names that can't be read",
    ],
    [
      { [NAME_CONSTRAINTS]: der(0x30, der(0xa2, [])) },
      A_TEST,
      "names that can't be read",
    ],
  ];
  for (const [extensions, names, expected] of cases) {
    const settings = { isAuthority: true, usage: "none", extensions } as const;
    const root = await issue({ name: "Root", ...settings });
    const own = await issue(
      { name: "a", extensions: alternativesOf(names) },
      root,
    );
    assertEquals(judge({ root, middle: undefined, own }), expected);
  }
});

Deno.test("constraintFault() compares no more than 65,536 pairs", async () => {
  const many = (count: number, suffix: string) =>
    Array.from({ length: count }, (_, n) => dns(`n${n}${suffix}`));
  // The subject is a name, too.
  const most = await make({
    root: { excluded: many(256, ".a.test") },
    names: many(255, ".b.test"),
  });
  assertEquals(judge(most), undefined);
  const tooMany = await make({
    root: { excluded: many(257, ".a.test") },
    names: many(255, ".b.test"),
  });
  assertEquals(
    judge(tooMany),
    "more than 65536 pairs of a name and a constraint",
  );
});

Deno.test("CertificateTrust takes authorities with critical name constraints", async () => {
  const root = { permitted: A_TEST };
  const verify = async (made: Made) => {
    const trust = await openClientTrust(made.root.certificate, undefined);
    const sent = [made.own, ...made.middle ? [made.middle] : []].map(derOf);
    return await trust.verifyClient(sent).then(
      ({ name }) => name,
      (error: Error) => error.message,
    );
  };
  assertEquals(await verify(await make({ root, names: A_TEST })), "a.test");
  assertEquals(
    await verify(await make({ middle: root, names: A_TEST })),
    "a.test",
  );
  const message = await verify(await make({ root, names: [dns("b.test")] }));
  assert(
    message.startsWith(
      "TLS handshake failed: client's certificate breaks the name constraints of its authority: DNS name 'b.test' is not permitted: subject 'CN=alice', serial ",
    ),
    message,
  );
});

Deno.test("readGeneralName() takes no name that is none", () => {
  const broken: Uint8Array[] = [
    der(0xa4, der(0x31)),
    der(0xa4, der(0x30, der(0x31, der(0x30, der(6, [0x55, 4, 3]))))),
    directory([3, BMP, "a"]),
    der(0xa4, directoryName([3, UTF8, "a"]), [5, 0]),
    der(0xa4, der(0x30, der(0x31, der(0x30, der(6, [3]), der(UTF8, [0xff]))))),
    der(0x89, []),
  ];
  for (const name of broken) {
    assertThrows(() => readGeneralName(parseDer(name)), SyntaxError);
  }
});

Deno.test("constraintFault() survives every changed byte of names and constraints", async () => {
  const names = [dns("x.a.test"), email("a@b.test"), directory(ACME)];
  const permitted = [...names, ip(10, 0, 0, 0, 255, 0, 0, 0), uri("b.test")];
  const list = nameConstraints({ permitted, excluded: [other(UPN, "a")] });
  const own = derOf((await make({ names })).own);
  const fields = readCertificateFields(own);
  let refused = 0;
  for (let at = 0; at < list.length + own.length; at++) {
    const changed = Uint8Array.from([...list, ...own]);
    changed[at]! ^= 1 << at % 8;
    const value = changed.subarray(0, list.length);
    try {
      const constraints = new NameConstraints(value);
      constraints.faultOf(readNames(fields, true));
      readNames(readCertificateFields(changed.subarray(list.length)), true);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      refused++;
    }
  }
  assert(refused > list.length / 2, `${refused}`);
});
