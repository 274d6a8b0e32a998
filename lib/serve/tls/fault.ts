/**
 * What is wrong in a file of TLS.
 *
 * @module
 */

/** What a file of TLS holds. */
export type TlsFileKind = "certificate" | "key" | "authorities" | "lists";

/** A file of TLS that can't be used. */
export class TlsFault extends SyntaxError {
  /** Which file. */
  readonly kind: TlsFileKind;

  /**
   * Constructs an error.
   *
   * @param message What is wrong with it.
   * @param options Cause.
   */
  constructor(kind: TlsFileKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TlsFault";
    this.kind = kind;
  }
}
