import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type CertificateUser,
  requireUsage,
} from "../../../lib/serve/tls/certificate_usage.ts";
import { openTls } from "../../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../../lib/serve/tls/open_upstream.ts";
import type { LogEvent } from "../../../lib/observe/log_event.ts";
import {
  derOf,
  issue,
  makeTestAuthority,
  type TestCertificate,
  type TestCertificateSettings,
} from "../../support/certificates.ts";
import { openOpenssl } from "../../support/openssl.ts";
import { run, testPrograms } from "../../support/programs.ts";
import { sharedCommands } from "../../support/sluice_commands.ts";

const commands = sharedCommands();

/** What certificates say, and who can show them: servers, clients. */
const USAGES: readonly {
  what: string;
  settings: Partial<TestCertificateSettings>;
  server?: string;
  client?: string;
}[] = [
  { what: "both purposes", settings: { usage: "both" } },
  { what: "no purpose", settings: { usage: "none" } },
  {
    what: "the purpose of servers",
    settings: { usage: "server" },
    client: "its extendedKeyUsage is serverAuth and lacks clientAuth",
  },
  {
    what: "the purpose of clients",
    settings: { usage: "client" },
    server: "its extendedKeyUsage is clientAuth and lacks serverAuth",
  },
  { what: "any purpose", settings: { purposes: ["2.5.29.37.0"] } },
  {
    what: "other purposes",
    settings: { purposes: ["1.3.6.1.5.5.7.3.3", "1.2.3"] },
    server: "its extendedKeyUsage is codeSigning, another and lacks serverAuth",
    client: "its extendedKeyUsage is codeSigning, another and lacks clientAuth",
  },
  {
    what: "signing of certificates only",
    settings: { isAuthority: true, usage: "none" },
    server:
      "its keyUsage is keyCertSign, cRLSign and lacks digitalSignature: it is an authority's, which signs certificates",
    client:
      "its keyUsage is keyCertSign, cRLSign and lacks digitalSignature: it is an authority's, which signs certificates",
  },
  {
    what: "signing of certificates and of handshakes",
    settings: {
      ...{ isAuthority: true, usage: "none" },
      keyUsage: ["keyCertSign", "digitalSignature"],
    },
  },
  {
    what: "signing of lists only",
    settings: { usage: "none", keyUsage: ["cRLSign"] },
    server: "its keyUsage is cRLSign and lacks digitalSignature",
    client: "its keyUsage is cRLSign and lacks digitalSignature",
  },
  {
    what: "no usage at all",
    settings: { usage: "none", keyUsage: [] },
    server: "its keyUsage is empty and lacks digitalSignature",
    client: "its keyUsage is empty and lacks digitalSignature",
  },
  {
    what: "encryption of keys only",
    settings: { usage: "none", keyUsage: ["keyEncipherment"] },
    client: "its keyUsage is keyEncipherment and lacks digitalSignature",
  },
];

/** Certificates that two tests judge, made once. */
const made = new WeakMap<object, Promise<TestCertificate>>();

function make(
  settings: Partial<TestCertificateSettings>,
): Promise<TestCertificate> {
  return made.getOrInsertComputed(
    settings,
    () => issue({ name: "a", ...settings }),
  );
}

for (const { settings, what, ...faults } of USAGES) {
  Deno.test(`requireUsage() judges a certificate for ${what}`, async () => {
    const der = derOf(await make(settings));
    for (const user of ["server", "client"] as const) {
      const fault = faults[user];
      if (fault === undefined) {
        const isAuthority = settings.isAuthority ?? false;
        assertEquals(requireUsage(der, user), { isAuthority });
        continue;
      }
      const { message } = assertThrows(
        () => requireUsage(der, user),
        SyntaxError,
      );
      assertEquals(message, `the certificate is not for ${user}s: ${fault}`);
    }
  });
}

testPrograms({
  name: "requireUsage() judges as 'openssl verify -purpose' does",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using files = await openOpenssl(openssl);
    // OpenSSL does not know "any" (RFC 5280 §4.2.1.12), nor reads an empty list.
    const alike = USAGES.filter(({ what }) =>
      !["any purpose", "no usage at all"].includes(what)
    );
    for (const { settings, what, ...faults } of alike) {
      const { certificate } = await make(settings);
      const path = await files.put("own.crt", certificate);
      for (const user of ["server", "client"] as const) {
        const { code, stderr } = await files.run(
          `verify -partial_chain -trusted ${path} -purpose ssl${user} ${path}`,
        );
        assertEquals(code === 0, faults[user] === undefined, what + stderr);
      }
    }
  },
});

testPrograms({
  name: "what 'openssl req -x509' makes is shown, with a warning",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using files = await openOpenssl(openssl);
    const { path } = files;
    const made = await run(openssl, [
      ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "9"],
      ...["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost"],
      ...["-keyout", `${path}/own.key`, "-out", `${path}/own.crt`],
    ]);
    assertEquals(made.code, 0, made.stderr);
    const certificate = `${path}/own.crt`;
    const config = { certificates: [{ certificate, key: `${path}/own.key` }] };
    const events: LogEvent[] = [];
    const log = (event: LogEvent) => void events.push(event);
    await openTls(config, { log });
    await openUpstreamTls(config, log);
    assertEquals(messagesOf(events), [
      warning(certificate, "clients"),
      warning(certificate, "upstreams"),
    ]);
  },
});

function warning(path: string, others: string): string {
  return `warning: Certificate ${path} belongs to an authority (CA:TRUE), as 'openssl req -x509' makes it: some ${others} will refuse it`;
}

function messagesOf(events: readonly LogEvent[]): string[] {
  return events.map((event) =>
    event.event === "message" ? `${event.level}: ${event.message}` : "?"
  );
}

/** Commands that show a certificate, with what they need besides. */
const COMMANDS: readonly (readonly [CertificateUser, readonly string[]])[] = [
  ["server", ["proxy", "--listen=127.0.0.1:0"]],
  ["server", ["forward", "0", "9"]],
  ["server", ["echo", "0"]],
  ["server", ["hub", "0"]],
  ["client", ["proxy", "--listen=127.0.0.1:0", "--via=https://127.0.0.1:9"]],
  ["client", ["forward", "0", "tls://127.0.0.1:9"]],
  ["client", ["connect", "--tls", "127.0.0.1:9"]],
];

Deno.test("no command starts with a certificate that is not for its use", async () => {
  await using authority = await makeTestAuthority();
  const cases = COMMANDS.map(([user, args]) => {
    const wrong = user === "server" ? "alice" : "server";
    const prefix = user === "server" ? "tls" : "upstream";
    const line = [
      ...args,
      `--${prefix}-cert=${authority.path(`${wrong}.crt`)}`,
      `--${prefix}-key=${authority.path(`${wrong}.key`)}`,
    ];
    return { line, user, wrong };
  });
  const answers = await commands.runAll(cases.map(({ line }) => line));
  for (const [at, { line, user, wrong }] of cases.entries()) {
    const { code, stderr } = answers[at]!;
    assert(code !== 0, line.join(" "));
    assert(stderr.includes(`lacks ${user}Auth`), stderr);
    assert(stderr.includes(`${wrong}.crt: the certificate is not for`), stderr);
  }
});

Deno.test("sluice check and doctor find the certificate of no server", async () => {
  await using authority = await makeTestAuthority();
  const file = (name: string) => authority.path(name);
  await authority.write(
    "sluice.json",
    JSON.stringify({
      listeners: [{
        ...{ kind: "proxy", listen: "127.0.0.1:0" },
        "tls-cert": file("ca.crt"),
        "tls-key": file("ca.key"),
      }, {
        ...{
          kind: "forward",
          listen: "127.0.0.1:0",
          upstreams: ["tls://[::1]:9"],
        },
        "upstream-cert": file("server.crt"),
        "upstream-key": file("server.key"),
      }],
    }),
  );
  const missing = ["keyCertSign, cRLSign and lacks digitalSignature"];
  const all = [...missing, "serverAuth and lacks clientAuth"];
  const cases: [string[], number, string[]][] = [
    [["check", "-c", file("sluice.json")], 2, all],
    [["doctor", "-c", file("sluice.json")], 1, all],
    [
      [
        ...["doctor", "--listen=127.0.0.1:0"],
        ...["--tls-cert", file("ca.crt"), "--tls-key", file("ca.key")],
      ],
      1,
      missing,
    ],
  ];
  const answers = await commands.runAll(cases.map(([args]) => args));
  for (const [at, [, expected, words]] of cases.entries()) {
    const { code, stderr, text } = answers[at]!;
    const said = text + stderr;
    assertEquals(code, expected, said);
    for (const word of words) assert(said.includes(word), said);
  }
});
