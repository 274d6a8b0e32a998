/**
 * A fault in a file of TLS.
 *
 * @module
 */

/** Kinds of TLS files. */
export type TlsFileKind = "certificate" | "key" | "authorities" | "lists";

/** The error for an unusable TLS file. */
export class TlsFault extends SyntaxError {
  /** Which file. */
  readonly kind: TlsFileKind;

  /**
   * Creates an error.
   *
   * @param message The fault.
   * @param options Cause.
   */
  constructor(kind: TlsFileKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TlsFault";
    this.kind = kind;
  }
}
