/**
 * The hub over WebSocket, independent of the framing of TCP clients. Messages
 * of other clients are wrapped in JSON, so that none can pass for a notice of
 * the hub.
 *
 * ```text
 * from a client                 to a client
 * any text                      {"from":"alice","text":"hi"}
 * /name alice                   {"hub":"alice is here"}
 * //x        (sends /x)
 * ```
 *
 * A hub of JSON values sends `value` instead of `text`. Bytes that are not
 * UTF-8 are sent as `base64`.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  type HubDecoder,
  type HubDialect,
  type HubDialectOptions,
  type HubFrame,
  type HubFraming,
  type HubMessage,
  MOST_AWAITED,
} from "./frame.ts";
import { readHubJson } from "./json.ts";
import { readHubLine } from "./line.ts";
import {
  CLOSE,
  encodeClose,
  encodeWebSocketFrame,
  OPCODE,
  WebSocketError,
} from "./websocket.ts";
import { WebSocketDecoder, type WebSocketEvent } from "./websocket_decoder.ts";

const SLASH = 0x2f;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Settings of the dialect. */
export interface WebSocketDialectOptions extends HubDialectOptions {
  /** Framing of the hub's messages. */
  framing: HubFraming;
}

/** Creates the dialect of a hub's WebSocket clients. */
export function webSocketDialect(options: WebSocketDialectOptions): HubDialect {
  const encodeNotice = (text: string) =>
    encodeText(JSON.stringify({ hub: text }));
  return {
    greets: true,
    heartbeat: encodeWebSocketFrame(OPCODE.Ping, new Uint8Array()),
    encodeMessage: (message) =>
      encodeText(envelope(message, options.framing === "json")),
    encodeNotice,
    encodeFarewell: (text, code) =>
      concat([encodeNotice(text), encodeClose(code, text)]),
    decoder: () => new WebSocketHubDecoder(options),
  };
}

class WebSocketHubDecoder implements HubDecoder {
  readonly #options: WebSocketDialectOptions;
  readonly #decoder: WebSocketDecoder;

  constructor(options: WebSocketDialectOptions) {
    this.#options = options;
    this.#decoder = new WebSocketDecoder(options.mostBytes);
  }

  get least(): number {
    return Math.min(this.#decoder.missing, MOST_AWAITED);
  }

  *push(bytes: Uint8Array): Generator<HubFrame> {
    try {
      for (const event of this.#decoder.push(bytes)) {
        const frame = this.#read(event);
        if (frame === undefined) continue;
        yield frame;
        if (frame.kind === "end") return;
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      const { code, message } = error;
      yield { kind: "end", bytes: encodeClose(code, message), error };
    }
  }

  /** Browsers end like this when they are killed, without a close frame. */
  *end(): Generator<HubFrame> {}

  #read(event: WebSocketEvent): HubFrame | undefined {
    switch (event.type) {
      case "pong":
        return undefined;
      case "ping":
        return {
          kind: "reply",
          bytes: encodeWebSocketFrame(OPCODE.Pong, event.bytes),
        };
      case "close":
        return {
          kind: "end",
          bytes: encodeClose(event.code ?? CLOSE.Normal),
          error: undefined,
        };
      default:
        return readMessage(event.bytes, this.#options);
    }
  }
}

function readMessage(
  bytes: Uint8Array,
  { framing, names }: WebSocketDialectOptions,
): HubFrame {
  // A JSON text can't start with a slash, so commands are distinct from it too.
  if (framing === "line" || bytes[0] === SLASH) {
    return readHubLine(bytes, names);
  }
  if (framing === "json") return readHubJson(bytes);
  return { kind: "message", bytes };
}

function envelope({ from, bytes }: HubMessage, isJson: boolean): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    return JSON.stringify({ from, base64: bytes.toBase64() });
  }
  // Unchanged, because parsing and formatting would change numbers.
  if (isJson) return `{"from":${JSON.stringify(from)},"value":${text}}`;
  return JSON.stringify({ from, text });
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function encodeText(text: string): Uint8Array {
  return encodeWebSocketFrame(OPCODE.Text, new TextEncoder().encode(text));
}
