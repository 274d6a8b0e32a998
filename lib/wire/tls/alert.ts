/**
 * What ends a TLS handshake: alerts, and errors that carry one (RFC 8446 §6).
 *
 * @module
 */

/** Descriptions of alerts, as far as Sluice sends them itself. */
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

/** A description of an alert. */
export type Alert = typeof ALERT[keyof typeof ALERT];

/** Content type of an alert, a version that all know, and a length of two. */
const HEADER = [21, 3, 3, 0, 2] as const;

const FATAL = 2;

/** Options for {@linkcode TlsAlertError}. */
export interface TlsAlertOptions {
  /** What the client speaks in the place of TLS, where that was recognised. */
  protocol?: string | undefined;
}

/** A handshake that can't go on, and what to tell the other side. */
export class TlsAlertError extends Error {
  /** Description of the alert that says why. */
  readonly alert: Alert;
  /** What the client speaks in the place of TLS, where that was recognised. */
  readonly protocol: string | undefined;

  /**
   * Constructs an error.
   *
   * @param alert Description of the alert that says why.
   * @param message Why, in one line.
   * @param options What more is known.
   */
  constructor(alert: Alert, message: string, options: TlsAlertOptions = {}) {
    super(message);
    this.protocol = options.protocol;
    this.name = "TlsAlertError";
    this.alert = alert;
  }
}

/**
 * Encodes a fatal alert in the clear, as it is before a ServerHello.
 *
 * ```text
 * +------+---------+--------+-------+-------------+
 * | type | version | length | level | description |
 * +------+---------+--------+-------+-------------+
 * |  21  | X'0303' |   2    |   2   |      1      |
 * +------+---------+--------+-------+-------------+
 * ```
 *
 * @param alert Its description.
 * @returns The whole record.
 */
export function encodeAlert(alert: Alert): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...HEADER, FATAL, alert);
}
