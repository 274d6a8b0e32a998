import { assertEquals, assertThrows } from "@std/assert";
import { requireUsage } from "../../../../lib/serve/tls/certificate/usage.ts";
import { openTls } from "../../../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../../../lib/serve/tls/open_upstream.ts";
import type { LogEvent } from "../../../../lib/observe/log_event.ts";
import {
  derOf,
  issue,
  type TestCertificate,
  type TestCertificateSettings,
} from "../../../support/certificates.ts";
import { openOpenssl } from "../../../support/openssl.ts";
import { run, testPrograms } from "../../../support/programs.ts";

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
    const paths = await Promise.all(alike.map(async ({ settings }, at) => {
      const { certificate } = await make(settings);
      return await files.put(`own${at}.crt`, certificate);
    }));
    const texts = await Promise.all(
      paths.map((path) => Deno.readTextFile(path)),
    );
    await files.put("all.crt", texts.join(""));
    for (const user of ["server", "client"] as const) {
      const said = await files.say(
        `verify -partial_chain -trusted @/all.crt -purpose ssl${user} ${
          paths.join(" ")
        }`,
      );
      for (const [at, { what, ...faults }] of alike.entries()) {
        const isGood = faults[user] === undefined;
        assertEquals(said.includes(`${paths[at]}: OK\n`), isGood, what + said);
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
