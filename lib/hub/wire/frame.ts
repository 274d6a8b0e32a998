/**
 * The frames of clients and hub, independent of their encoding.
 *
 * @module
 */

/** Ways in which TCP clients separate messages. */
export const HUB_FRAMINGS = ["line", "length32", "json"] as const;

/** Way in which TCP clients separate messages. */
export type HubFraming = typeof HUB_FRAMINGS[number];

/** One unit from a client. */
export type HubFrame =
  /** A message for all others. */
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  /** A command for the hub, such as `/name alice`. */
  | { readonly kind: "command"; readonly text: string }
  /**
   * Something that the hub can't pass on, with the reason. Later frames still
   * count.
   */
  | { readonly kind: "problem"; readonly text: string }
  /** Something that needs a reply with these bytes. */
  | { readonly kind: "reply"; readonly bytes: Uint8Array }
  /**
   * The end, with the last bytes to send, and the error if there was one.
   * Nothing follows.
   */
  | {
    readonly kind: "end";
    readonly bytes: Uint8Array;
    readonly error: Error | undefined;
  };

/** Decodes incoming bytes to frames. */
export interface HubDecoder {
  /**
   * Fewest bytes that are missing before anything can be decoded, 1 or more.
   * One read can wait for that many.
   */
  readonly least: number;
  /**
   * Decodes the next bytes.
   *
   * @param bytes The next bytes. They must stay unchanged until the generator
   *   ends.
   * @returns The frames that are now complete. The caller must take all of
   *   them.
   */
  push(bytes: Uint8Array): Iterable<HubFrame>;
  /**
   * Handles the end of file.
   *
   * @returns Problems with the end, if any.
   */
  end(): Iterable<HubFrame>;
}

/**
 * Most bytes for one read to wait for, because it holds the memory for them
 * until they arrive.
 */
export const MOST_AWAITED = 16 * 1024;

/** A message from one client to the others. */
export interface HubMessage {
  /** The sender's name. */
  readonly from: string;
  /** Contents of the message. */
  readonly bytes: Uint8Array;
}

/** The protocol between the hub and one kind of client. */
export interface HubDialect {
  /** Whether new clients receive their name and room. */
  readonly greets: boolean;
  /** Bytes to send to a silent client. */
  readonly heartbeat: Uint8Array;
  /** Encodes a message of another client. */
  encodeMessage(message: HubMessage): Uint8Array;
  /**
   * Encodes a notice of the hub itself.
   *
   * @param text One line.
   */
  encodeNotice(text: string): Uint8Array;
  /**
   * Encodes the last words of the hub.
   *
   * @param text Reason for closing, in one line.
   * @param code The same reason as a close code of RFC 6455 §7.4.
   */
  encodeFarewell(text: string, code: number): Uint8Array;
  /** Creates a decoder for one client. */
  decoder(): HubDecoder;
}

/** Settings of a dialect. */
export interface HubDialectOptions {
  /** Most bytes of a message. */
  mostBytes: number;
  /** Whether to add the sender's name to messages. */
  names: boolean;
}

/**
 * Creates the frame for a message that is too long.
 *
 * @param mostBytes Most bytes of a message.
 */
export function tooLong(mostBytes: number): HubFrame {
  return problem(`Not sent: a message has ${mostBytes} bytes at most`);
}

/**
 * Creates the frame for something that the hub can't pass on.
 *
 * @param text The reason, in one line.
 */
export function problem(text: string): HubFrame {
  return { kind: "problem", text };
}

/** Encodes text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
