/**
 * Verifies certificates and reads their identity (RFC 5280 §6).
 *
 * The runtime verifies them too, but not always. If a client resumes a session,
 * it accepts the certificate of the first handshake, whatever has happened
 * since and on whichever listener. And it accepts a server's chain with
 * unreadable parts without checking its signatures (Deno 2.9.6). So every
 * certificate is verified here.
 *
 * @module
 */

import { TlsError } from "../../../net/tls/tls_error.ts";
import type { Identity } from "../../../policy/users/identity.ts";
import { buildChain, MOST_LINKS } from "./chain.ts";
import { isForServer } from "./host.ts";
import { certificateIdentity } from "./identity.ts";
import { labelCertificate } from "./label.ts";
import { constrainsNames, constraintFault } from "../constrained_chain.ts";
import type { RevocationLists } from "../revocation_lists.ts";
import type { X509Certificate, X509Library } from "../x509_library.ts";

/** Most certificates that a client may send. */
const MOST_SENT = 16;

/**
 * Most verified certificates remembered; only their dates are checked again.
 */
const MOST_REMEMBERED = 1_024;

/**
 * Critical extensions that are checked here; a certificate with any other must
 * be rejected (RFC 5280 §4.2).
 */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  "2.5.29.15", // keyUsage
  "2.5.29.17", // subjectAltName
  "2.5.29.19", // basicConstraints
  "2.5.29.30", // nameConstraints
  "2.5.29.37", // extKeyUsage
]);

/**
 * Further extensions of authorities that sign servers, which the runtime
 * checks: without its check, a fully signed chain gains an attacker nothing.
 */
const KNOWN_OF_SERVERS: ReadonlySet<string> = new Set([
  "2.5.29.32", // certificatePolicies
  "2.5.29.36", // policyConstraints
]);

/** A verified certificate and its chain. */
interface GoodCertificate {
  own: X509Certificate;
  links: readonly X509Certificate[];
}

/** Options for {@linkcode CertificateTrust}. */
export interface CertificateTrustOptions {
  /** The kind of holder. */
  holder: CertificateHolder;
  /**
   * The authorities' revocation lists; none means that no certificate is
   * revoked.
   */
  revoked?: RevocationLists | undefined;
}

/** Whose certificates are verified. */
export type CertificateHolder = "client" | "server";

/** Verifies the certificates of one kind of holder. */
export class CertificateTrust {
  readonly #x509: X509Library;
  readonly #authorities: readonly X509Certificate[];
  readonly #revoked: RevocationLists | undefined;
  readonly #holder: CertificateHolder;
  readonly #good = new Map<string, GoodCertificate>();

  /**
   * Creates it for fixed authorities and lists.
   *
   * @param authorities Trusted authorities.
   * @param options The kind of holder.
   */
  constructor(
    x509: X509Library,
    authorities: readonly X509Certificate[],
    { holder, revoked }: CertificateTrustOptions,
  ) {
    this.#x509 = x509;
    this.#holder = holder;
    this.#authorities = authorities;
    this.#revoked = revoked;
  }

  /**
   * Verifies a client's certificate.
   *
   * @param sent The sent certificates as DER: its own first, then others up to
   *   an authority.
   * @param now Time of the check (default now).
   * @throws {TlsError} If it is not valid; the message says why and names it.
   */
  async verifyClient(
    sent: readonly Uint8Array[],
    now: Date = new Date(),
  ): Promise<Identity> {
    try {
      const own = await this.#verify(sent, now);
      return certificateIdentity(this.#x509, own);
    } catch (error) {
      throw error instanceof TlsError ? this.label(error, sent) : error;
    }
  }

  /**
   * Verifies a server's certificate.
   *
   * @param sent The sent certificates as DER: its own first, then others up to
   *   an authority.
   * @param host Name or address of the server.
   * @param now Time of the check (default now).
   * @throws {TlsError} If it is not valid or for another server; the message
   *   says why.
   */
  async verifyServer(
    sent: readonly Uint8Array[],
    host: string,
    now: Date = new Date(),
  ): Promise<void> {
    const own = await this.#verify(sent, now);
    if (isForServer(this.#x509, own, host)) return;
    const type = this.#x509.SubjectAlternativeNameExtension;
    throw this.#refused(
      own.getExtension(type) === null
        ? "names no host: it has no subjectAltName, and the common name does not count"
        : "is for another name",
    );
  }

  /**
   * Tells whether a chain may lead through an authority that constrains names.
   * The runtime rejects certificates with kinds of constraints that it does not
   * know (Deno 2.9.6), so these are verified here.
   *
   * @param sent The sent certificates as DER: the holder's first.
   * @returns Whether issuer names lead to one.
   */
  isConstrained(sent: readonly Uint8Array[]): boolean {
    if (sent.length > MOST_SENT) return false;
    const [own, ...others] = sent.map((der) => this.#read(der));
    const rest = [...this.#authorities, ...others];
    const issuers = new Set([own?.issuer]);
    for (let length = 0; length < MOST_LINKS; length++) {
      for (const candidate of rest) {
        if (candidate === undefined || !issuers.has(candidate.subject)) {
          continue;
        }
        if (constrainsNames(candidate)) return true;
        issuers.add(candidate.issuer);
      }
    }
    return false;
  }

  /**
   * Adds to an error which certificate it concerns.
   *
   * @param error Any error.
   * @param sent The sent certificates as DER: the holder's first.
   * @returns The error with subject and serial number.
   */
  label(error: TlsError, [own]: readonly Uint8Array[]): TlsError {
    const certificate = own && this.#read(own);
    if (certificate === undefined) return error;
    const message = `${error.message}: ${labelCertificate(certificate)}`;
    return new TlsError(error.kind, message, { cause: error });
  }

  async #verify(
    sent: readonly Uint8Array[],
    now: Date,
  ): Promise<X509Certificate> {
    if (sent.length > MOST_SENT) {
      throw this.#refused("came with too many other certificates");
    }
    const key = await fingerprint(sent);
    const known = this.#good.get(key);
    const good = known ?? await this.#examine(sent, now);
    for (const link of good.links) {
      this.#requireTime(link, now, link === good.own);
    }
    // The last one is trusted by configuration.
    for (const link of good.links.slice(0, -1)) {
      this.#revoked?.check(link, now, link === good.own);
    }
    this.#remember(key, good);
    return good.own;
  }

  /** Evicts the oldest; a used entry becomes the newest. */
  #remember(key: string, good: GoodCertificate): void {
    this.#good.delete(key);
    this.#good.set(key, good);
    if (this.#good.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#good.keys()) {
      this.#good.delete(oldest);
      return;
    }
  }

  /** Checks that do not depend on time. */
  async #examine(
    sent: readonly Uint8Array[],
    now: Date,
  ): Promise<GoodCertificate> {
    const [own, ...others] = sent.map((der) => this.#parse(der));
    if (own === undefined) throw this.#refused("is missing");
    this.#requireTime(own, now, true); // Before the chain: the error is more informative.
    const isPinned = this.#isPinned(own);
    this.#requirePurpose(own, isPinned);
    const links = isPinned ? [own] : await this.#chain(own, others);
    this.#requireKnown(links.at(-1)!, isPinned);
    const fault = constraintFault(links);
    if (fault === undefined) return { own, links };
    throw this.#refused(
      `breaks the name constraints of its authority: ${fault}`,
    );
  }

  async #chain(
    own: X509Certificate,
    others: readonly X509Certificate[],
  ): Promise<X509Certificate[]> {
    const authorities = this.#authorities;
    const chain = await buildChain(this.#x509, own, { authorities, others });
    if ("fault" in chain) throw this.#refused(chain.fault);
    return chain.links;
  }

  /**
   * Whether a server's own certificate is trusted as it is: one that signs
   * itself mostly says that it is an authority's (`openssl req -x509`).
   */
  #isPinned(own: X509Certificate): boolean {
    if (this.#holder === "client") return false;
    const der = new Uint8Array(own.rawData).toHex();
    return this.#authorities.some(({ rawData }) =>
      rawData.byteLength === own.rawData.byteLength &&
      new Uint8Array(rawData).toHex() === der
    );
  }

  #parse(der: Uint8Array): X509Certificate {
    const certificate = this.#read(der);
    if (certificate === undefined) throw this.#refused("can't be read");
    this.#requireKnown(certificate, true);
    return certificate;
  }

  #read(der: Uint8Array): X509Certificate | undefined {
    try {
      const certificate = new this.#x509.X509Certificate(new Uint8Array(der));
      // The library parses these lazily, and would throw later.
      void certificate.subject;
      void certificate.extensions;
      return certificate;
    } catch {
      return undefined;
    }
  }

  #requirePurpose(certificate: X509Certificate, isPinned: boolean): void {
    const x509 = this.#x509;
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const purpose = this.#holder === "client" ? clientAuth : serverAuth;
    const basic = certificate.getExtension(x509.BasicConstraintsExtension);
    if (basic?.ca && !isPinned) throw this.#refused("is that of an authority");
    const purposes = certificate.getExtension(x509.ExtendedKeyUsageExtension);
    const isForThat = purposes?.usages.includes(purpose) ?? true;
    const usage = certificate.getExtension(x509.KeyUsagesExtension);
    const { digitalSignature } = x509.KeyUsageFlags;
    const maySign = usage === null || (usage.usages & digitalSignature) !== 0;
    if (isForThat && maySign) return;
    throw this.#refused(`is not for ${this.#holder}s`);
  }

  #requireTime(
    { notBefore, notAfter }: X509Certificate,
    now: Date,
    isOwn: boolean,
  ): void {
    const whose = isOwn ? "" : "is from an authority that ";
    if (now < notBefore) throw this.#refused(`${whose}is not yet valid`);
    if (now > notAfter) throw this.#refused(`${whose}has expired`);
  }

  #requireKnown({ extensions }: X509Certificate, isSent: boolean): void {
    const unknown = extensions.find(({ critical, type }) =>
      critical && !KNOWN_EXTENSIONS.has(type) &&
      !(this.#holder === "server" && KNOWN_OF_SERVERS.has(type))
    );
    if (unknown === undefined) return;
    const whose = isSent ? "" : "is from an authority that ";
    throw this.#refused(
      `${whose}has an unknown critical extension (${unknown.type})`,
    );
  }

  #refused(state: string): TlsError {
    const message =
      `TLS handshake failed: ${this.#holder}'s certificate ${state}`;
    return new TlsError("refused", message);
  }
}

async function fingerprint(sent: readonly Uint8Array[]): Promise<string> {
  // Whole certificates concatenated: DER shows where each one ends.
  const bytes = await new Blob(sent.map((der) => new Uint8Array(der))).bytes();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
