/**
 * What clients of the hub say, whatever bytes they say it in.
 *
 * @module
 */

/** How TCP clients of a hub tell one message from the next. */
export const HUB_FRAMINGS = ["line", "length32", "json"] as const;

/** How TCP clients of a hub tell one message from the next. */
export type HubFraming = typeof HUB_FRAMINGS[number];

/** One thing that a client has said. */
export type HubFrame =
  /** Something for all the others. */
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  /** Something for the hub: `/name alice`. */
  | { readonly kind: "command"; readonly text: string }
  /** Something that can't be carried, and why; what follows can be. */
  | { readonly kind: "problem"; readonly text: string }
  /** Something that the bytes given are the answer to. */
  | { readonly kind: "reply"; readonly bytes: Uint8Array }
  /**
   * The end: the last bytes to say, and what was wrong, where something was.
   * Nothing follows.
   */
  | {
    readonly kind: "end";
    readonly bytes: Uint8Array;
    readonly error: Error | undefined;
  };

/** Makes frames of bytes as they come. */
export interface HubDecoder {
  /**
   * Bytes that are missing for certain until something can be decoded, 1 or
   * more: to be waited for with one read.
   */
  readonly least: number;
  /**
   * Takes bytes.
   *
   * @param bytes What has come; only looked at until the generator has ended.
   * @returns What is complete by now. It has to be taken to the end.
   */
  push(bytes: Uint8Array): Iterable<HubFrame>;
  /**
   * Takes the end of file.
   *
   * @returns What is wrong with it, where something is.
   */
  end(): Iterable<HubFrame>;
}

/**
 * Bytes that one read waits for at most: the memory for them is held until they
 * come.
 */
export const MOST_AWAITED = 16 * 1024;

/** Something that a client says to the others. */
export interface HubMessage {
  /** Its name. */
  readonly from: string;
  /** What it says. */
  readonly bytes: Uint8Array;
}

/** The way in which one kind of client speaks with the hub. */
export interface HubDialect {
  /** Whether newcomers are told who and where they are. */
  readonly greets: boolean;
  /** What a client is sent that has been silent. */
  readonly heartbeat: Uint8Array;
  /** Encodes what another client says. */
  encodeMessage(message: HubMessage): Uint8Array;
  /**
   * Encodes what the hub itself says.
   *
   * @param text One line.
   */
  encodeNotice(text: string): Uint8Array;
  /**
   * Encodes the last that the hub says.
   *
   * @param text Why it closes, in one line.
   * @param code The same as a close code of RFC 6455 §7.4.
   * @returns Bytes to send.
   */
  encodeFarewell(text: string, code: number): Uint8Array;
  /** Makes what decodes the bytes of one client. */
  decoder(): HubDecoder;
}

/** What the dialects of a hub depend on. */
export interface HubDialectOptions {
  /** Bytes that a message may have. */
  mostBytes: number;
  /** Whether messages are sent on with the name of who says them. */
  names: boolean;
}

/**
 * Makes the frame of a message that is too long.
 *
 * @param mostBytes Bytes that a message may have.
 * @returns The problem.
 */
export function tooLong(mostBytes: number): HubFrame {
  return problem(`Not sent: a message has ${mostBytes} bytes at most`);
}

/**
 * Makes the frame of something that can't be carried.
 *
 * @param text Why, in one line.
 */
export function problem(text: string): HubFrame {
  return { kind: "problem", text };
}
