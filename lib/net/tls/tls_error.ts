/**
 * Why TLS could not be agreed on.
 *
 * @module
 */

/**
 * Who ended it: `refused` is ours, by what the other side has sent; `left` is
 * the other side's, by an alert or by its end, and `no protocol` is too, since
 * it speaks none of those that it was offered (ALPN).
 */
export type TlsErrorKind = "refused" | "left" | "no protocol";

/** Options for {@linkcode TlsError}. */
export interface TlsErrorOptions extends ErrorOptions {
  /** The certificates that were refused, as DER. */
  certificates?: readonly Uint8Array[];
}

/** A handshake that has failed. */
export class TlsError extends Error {
  /** Who ended it. */
  readonly kind: TlsErrorKind;
  /** The certificates that were refused, as DER, where that is why. */
  readonly certificates: readonly Uint8Array[] = [];

  /**
   * Constructs an error.
   *
   * @param kind Who ended it.
   * @param message Why, in one line.
   * @param options Cause, and certificates that were refused.
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
