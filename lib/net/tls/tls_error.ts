/**
 * Why a TLS handshake failed.
 *
 * @module
 */

/**
 * Who ended it. `refused`: this side, because of what the peer sent. `left`:
 * the peer, by an alert or by closing. `no protocol`: the peer, because it
 * supports none of the offered protocols (ALPN).
 */
export type TlsErrorKind = "refused" | "left" | "no protocol";

/** Options for {@linkcode TlsError}. */
export interface TlsErrorOptions extends ErrorOptions {
  /** The rejected certificates, as DER. */
  certificates?: readonly Uint8Array[];
}

/** A failed handshake. */
export class TlsError extends Error {
  /** Who ended it. */
  readonly kind: TlsErrorKind;
  /** The rejected certificates as DER, if that is the reason. */
  readonly certificates: readonly Uint8Array[] = [];

  /**
   * Creates an error.
   *
   * @param kind Who ended it.
   * @param message The reason, in one line.
   * @param options Cause and rejected certificates.
   */
  constructor(
    kind: TlsErrorKind,
    message: string,
    options: TlsErrorOptions = {},
  ) {
    super(message, options);
    if (options.certificates) this.certificates = options.certificates;
    this.name = "TlsError";
    this.kind = kind;
  }
}
