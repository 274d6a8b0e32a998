/**
 * Valid and invalid authorities, certificates and revocation lists for TLS
 * tests, and the files with them.
 *
 * @module
 */

import type { JsonGeneralName, JsonName } from "@peculiar/x509";
import { loadX509 } from "../../lib/serve/tls/x509_library.ts";
import { makeFolder, type TestFolder } from "./programs.ts";

/** A certificate and its key as PEM. */
export interface TestCertificate {
  certificate: string;
  key: string;
}

/** The contents of a certificate (default: a client's, currently valid). */
export interface TestCertificateSettings {
  name: string;
  alternatives?: JsonGeneralName[];
  isAuthority?: boolean;
  pathLength?: number;
  usage?: "client" | "server" | "both" | "none";
  /** Other purposes, by type. */
  purposes?: readonly string[];
  /** Start and end, in days from now. */
  days?: readonly [number, number];
  serial?: string;
  /** Type of an unknown critical extension. */
  unknown?: string;
  /** The whole subject (default: the name as CN). */
  subject?: JsonName;
  /** DER values of extensions, by type. Name constraints are critical. */
  extensions?: Readonly<Record<string, Uint8Array>>;
  /** Usage of the key (default: that of an authority or a client). */
  keyUsage?: readonly (
    | "digitalSignature"
    | "keyEncipherment"
    | "keyCertSign"
    | "cRLSign"
  )[];
}

const ALGORITHM = {
  name: "ECDSA",
  namedCurve: "P-256",
  hash: "SHA-256",
} as const;
const DAY = 86_400_000;

const x509 = await loadX509();

/** Issues a certificate; self-signed without an issuer. */
export async function issue(
  settings: TestCertificateSettings,
  issuer?: TestCertificate,
): Promise<TestCertificate> {
  const { days: [from, until] = [-1, 30] } = settings;
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]);
  const signer = issuer && await signerOf(issuer);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: settings.serial ?? crypto.randomUUID().replaceAll("-", ""),
    subject: settings.subject ?? [{ CN: [settings.name] }],
    issuer: signer === undefined
      ? settings.subject ?? [{ CN: [settings.name] }]
      : signer.subject,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + until * DAY),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: signer === undefined ? keys.privateKey : signer.key,
    extensions: extensionsOf(settings),
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
  };
}

/** Creates an authority. */
export function makeAuthority(name: string): Promise<TestCertificate> {
  return issue({ name, isAuthority: true, usage: "none" });
}

/** Creates a revocation list. */
export async function revoke(
  revoked: readonly TestCertificate[],
  authority: TestCertificate,
  days: readonly [number, number] = [-1, 30],
): Promise<string> {
  const { key, subject } = await signerOf(authority);
  const list = await x509.X509CrlGenerator.create({
    issuer: subject,
    thisUpdate: new Date(Date.now() + days[0] * DAY),
    nextUpdate: new Date(Date.now() + days[1] * DAY),
    signingAlgorithm: ALGORITHM,
    signingKey: key,
    entries: revoked.map(({ certificate }) => ({
      serialNumber: new x509.X509Certificate(certificate).serialNumber,
      revocationDate: new Date(),
    })),
  });
  return `${x509.PemConverter.encode(list.rawData, "X509 CRL")}\n`;
}

/** DER of a certificate. */
export function derOf({ certificate }: TestCertificate): Uint8Array {
  return new Uint8Array(new x509.X509Certificate(certificate).rawData);
}

/** The certificates for tests of listeners. */
export interface TestIdentities {
  readonly authority: TestCertificate;
  /** Server certificate for `localhost` and 127.0.0.1. */
  readonly server: TestCertificate;
  /** Certificate of the client `alice`. */
  readonly alice: TestCertificate;
}

/** Creates an authority and what it issues. */
export async function makeIdentities(): Promise<TestIdentities> {
  const authority = await makeAuthority("Test authority");
  const server = await issue(SERVER, authority);
  const alice = await issue({ name: "alice" }, authority);
  return { authority, server, alice };
}

/** The files for tests of listeners, in a folder. */
export interface TestAuthority extends TestIdentities, AsyncDisposable {
  readonly folder: TestFolder;
  /** Path of a file in the folder. */
  path(name: string): string;
  /** Writes `NAME.crt` and `NAME.key`. */
  save(name: string, certificate: TestCertificate): Promise<void>;
  /** Writes a file with any name. */
  write(name: string, text: string): Promise<void>;
}

/**
 * Writes an authority, a server and a client, as `ca`, `server` and `alice`.
 *
 * @param identities The three (default: new ones).
 */
export async function makeTestAuthority(
  identities?: TestIdentities,
): Promise<TestAuthority> {
  const folder = await makeFolder();
  const made = identities ?? await makeIdentities();
  const path = (name: string) => `${folder.path}/${name}`;
  async function write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(path(name), text, { mode: 0o600 });
  }
  async function save(name: string, pair: TestCertificate): Promise<void> {
    await write(`${name}.crt`, pair.certificate);
    await write(`${name}.key`, pair.key);
  }
  await save("ca", made.authority);
  await save("server", made.server);
  await save("alice", made.alice);
  return {
    ...made,
    folder,
    path,
    save,
    write,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/**
 * Creates them for all tests of a file, with whose thread the files end. The
 * tests must not change any file.
 */
export async function sharedAuthority(): Promise<TestAuthority> {
  const all = await makeTestAuthority();
  const { path } = all.folder;
  addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
  return all;
}

/** Contents of the server's certificate. */
export const SERVER: TestCertificateSettings = {
  name: "localhost",
  usage: "server",
  alternatives: [
    { type: "dns", value: "localhost" },
    { type: "ip", value: "127.0.0.1" },
  ],
};

/** A certificate that signs, as the library has it. */
interface Signer {
  subject: string;
  key: CryptoKey;
}

/** Parsed once, because many certificates have the same issuer. */
const signers = new WeakMap<TestCertificate, Promise<Signer>>();

function signerOf(issuer: TestCertificate): Promise<Signer> {
  return signers.getOrInsertComputed(issuer, openSigner);
}

async function openSigner(
  { certificate, key }: TestCertificate,
): Promise<Signer> {
  const { subject } = new x509.X509Certificate(certificate);
  const bytes = x509.PemConverter.decodeFirst(key);
  return {
    subject,
    key: await crypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, [
      "sign",
    ]),
  };
}

function extensionsOf(settings: TestCertificateSettings) {
  const { alternatives = [], isAuthority = false, keyUsage, unknown } =
    settings;
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const purposes = settings.purposes?.slice() ?? {
    client: [clientAuth],
    server: [serverAuth],
    both: [clientAuth, serverAuth],
    none: [],
  }[settings.usage ?? "client"];
  return [
    new x509.BasicConstraintsExtension(isAuthority, settings.pathLength, true),
    new x509.KeyUsagesExtension(
      keyUsage?.reduce((sum, name) => sum | x509.KeyUsageFlags[name], 0) ??
        (isAuthority ? keyCertSign | cRLSign : digitalSignature),
      true,
    ),
    ...purposes.length === 0
      ? []
      : [new x509.ExtendedKeyUsageExtension(purposes)],
    ...alternatives.length === 0
      ? []
      : [new x509.SubjectAlternativeNameExtension(alternatives)],
    ...unknown === undefined
      ? []
      : [new x509.Extension(unknown, true, new Uint8Array([5, 0]))],
    ...Object.entries(settings.extensions ?? {})
      .map(([type, value]) =>
        new x509.Extension(type, type === "2.5.29.30", value.slice())
      ),
  ];
}
