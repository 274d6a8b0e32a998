/**
 * Revocation lists of authorities (RFC 5280 §5).
 *
 * @module
 */

import { TlsError } from "../../net/tls/tls_error.ts";
import { splitPem } from "../../wire/pem.ts";
import { normalizeSerial } from "./serial_number.ts";
import {
  parseRevocationList,
  type X509Certificate,
  type X509Library,
  type X509RevocationList,
} from "./x509_library.ts";

/** Critical extensions that a list may have: none changes its meaning here. */
const KNOWN_EXTENSIONS: ReadonlySet<string> = new Set([
  "2.5.29.20", // cRLNumber
  "2.5.29.35", // authorityKeyIdentifier
]);

/** One authority's list. */
interface RevocationList {
  issuer: string;
  revoked: ReadonlySet<string>;
  from: Date;
  until: Date | undefined;
}

/** The lists of some authorities. */
export class RevocationLists {
  readonly #lists: readonly RevocationList[];

  private constructor(lists: readonly RevocationList[]) {
    this.#lists = lists;
  }

  /**
   * Reads lists and verifies them.
   *
   * @param pem One or more lists; the newest of an authority counts.
   * @param authorities Authorities that may have signed them.
   * @param now Time of the check (default now).
   * @throws {SyntaxError} If there is none, or one is malformed, of another
   *   authority, or out of date.
   */
  static async open(
    x509: X509Library,
    pem: string,
    authorities: readonly X509Certificate[],
    now: Date = new Date(),
  ): Promise<RevocationLists> {
    const lists: RevocationList[] = [];
    for (const part of splitPem(pem, "X509 CRL")) {
      const list = await parseRevocationList(x509, part);
      await requireGenuine(list, authorities);
      lists.push(toList(list));
    }
    if (lists.length === 0) throw new SyntaxError("it has no revocation list");
    for (const list of lists) {
      const fault = dateFault(list, now);
      if (fault !== undefined) throw new SyntaxError(`the list ${fault}`);
    }
    lists.sort((a, b) => +b.from - +a.from);
    return new RevocationLists(lists);
  }

  /** How many certificates are revoked. */
  get size(): number {
    return this.#lists.reduce((sum, { revoked }) => sum + revoked.size, 0);
  }

  /**
   * Checks that a certificate is not revoked. A self-signed one cannot be
   * revoked.
   *
   * @param now When that is.
   * @param isOwn Whether it is the client's, not an authority's (default true).
   * @throws {TlsError} If it is, or its state is unknown.
   */
  check(certificate: X509Certificate, now: Date, isOwn = true): void {
    const { issuer, serialNumber, subject } = certificate;
    if (issuer === subject) return;
    const list = this.#lists.find((list) => list.issuer === issuer);
    if (list === undefined) {
      throw refused("is from an authority without a revocation list");
    }
    // An outdated list proves nothing: reject everyone rather than accept
    // anyone.
    const fault = dateFault(list, now);
    if (fault !== undefined) {
      throw refused(`can't be checked: the revocation list ${fault}`);
    }
    if (!list.revoked.has(normalizeSerial(serialNumber))) return;
    throw refused(`${isOwn ? "" : "is from an authority that "}is revoked`);
  }
}

async function requireGenuine(
  list: X509RevocationList,
  authorities: readonly X509Certificate[],
): Promise<void> {
  for (const publicKey of authorities) {
    if (publicKey.subject !== list.issuer) continue;
    if (await list.verify({ publicKey }).catch(() => false)) return;
  }
  throw new SyntaxError("the list is not signed by an authority of clients");
}

function toList(list: X509RevocationList): RevocationList {
  // Such as one that only changes another list, or is for some certificates.
  const unknown = list.extensions.find(({ critical, type }) =>
    critical && !KNOWN_EXTENSIONS.has(type)
  );
  if (unknown !== undefined) {
    throw new SyntaxError(
      `the list has an unknown critical extension (${unknown.type})`,
    );
  }
  return {
    issuer: list.issuer,
    revoked: new Set(
      list.entries.map(({ serialNumber }) => normalizeSerial(serialNumber)),
    ),
    from: list.thisUpdate,
    until: list.nextUpdate,
  };
}

function dateFault({ from, until }: RevocationList, now: Date) {
  if (now < from) return `is not yet valid (from ${from.toISOString()})`;
  if (until === undefined || now <= until) return undefined;
  return `has expired (at ${until.toISOString()})`;
}

function refused(state: string): TlsError {
  return new TlsError(
    "refused",
    `TLS handshake failed: client's certificate ${state}`,
  );
}
