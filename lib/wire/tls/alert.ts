/**
 * TLS alerts, and handshake errors that carry one (RFC 8446 §6).
 *
 * @module
 */

/** Alert descriptions that Sluice sends itself. */
export const ALERT = {
  UnexpectedMessage: 10, // §6.2
  RecordOverflow: 22,
  IllegalParameter: 47,
  DecodeError: 50,
  ProtocolVersion: 70,
  InternalError: 80,
  UnrecognizedName: 112, // RFC 6066 §3
  NoApplicationProtocol: 120, // RFC 7301 §3.2
} as const;

/** An alert description. */
export type Alert = typeof ALERT[keyof typeof ALERT];

/**
 * Content type of an alert, a version that every peer accepts, a length of two.
 */
const HEADER = [21, 3, 3, 0, 2] as const;

const FATAL = 2;

/** Options for {@linkcode TlsAlertError}. */
export interface TlsAlertOptions {
  /** Protocol that the client speaks instead of TLS, if recognised. */
  protocol?: string | undefined;
}

/** A handshake failure, with the alert for the other side. */
export class TlsAlertError extends Error {
  /** Alert description that gives the reason. */
  readonly alert: Alert;
  /** Protocol that the client speaks instead of TLS, if recognised. */
  readonly protocol: string | undefined;

  /**
   * Constructs an error.
   *
   * @param alert Alert description that gives the reason.
   * @param message The reason, in one line.
   * @param options The recognised protocol.
   */
  constructor(alert: Alert, message: string, options: TlsAlertOptions = {}) {
    super(message);
    this.protocol = options.protocol;
    this.name = "TlsAlertError";
    this.alert = alert;
  }
}

/**
 * Makes the error of a ClientHello that cannot be parsed.
 *
 * @param alert The alert for the client.
 * @param state What is wrong with it.
 * @param options The recognised protocol.
 */
export function helloError(
  alert: Alert,
  state: string,
  options?: TlsAlertOptions,
): TlsAlertError {
  const message = `Cannot parse ClientHello: ${state}`;
  return new TlsAlertError(alert, message, options);
}

/**
 * Encodes a fatal alert without encryption, as before a ServerHello.
 *
 * ```text
 * +------+---------+--------+-------+-------------+
 * | type | version | length | level | description |
 * +------+---------+--------+-------+-------------+
 * |  21  | X'0303' |   2    |   2   |      1      |
 * +------+---------+--------+-------+-------------+
 * ```
 *
 * @returns The whole record.
 */
export function encodeAlert(alert: Alert): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...HEADER, FATAL, alert);
}
