/**
 * The hub in JSON, one value a line (https://jsonlines.org).
 *
 * ```text
 * from a client              to a client
 * any value LF               any value LF             what another client says
 * {"hub":"/name alice"} LF   {"hub":"text"} LF        what the hub says
 *                            {"from":"alice","value":any value} LF
 *                                                     with names
 * ```
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  type HubDecoder,
  type HubDialect,
  type HubDialectOptions,
  type HubFrame,
  type HubMessage,
  problem,
  tooLong,
} from "./frame.ts";
import { LineSplitter } from "./line_splitter.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * Makes a frame of a JSON text.
 *
 * @param bytes The text.
 * @returns What it says; a message is on one line. What is no JSON, or would
 *   look as if the hub had said it, is a problem.
 */
export function readHubJson(bytes: Uint8Array): HubFrame {
  let value: unknown;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    const isText = error instanceof SyntaxError;
    const why = isText ? (error as Error).message : "it is not UTF-8";
    return problem(`Not sent: not JSON: ${why}`);
  }
  return readForHub(value) ?? { kind: "message", bytes: onOneLine(bytes) };
}

/**
 * Makes the dialect of a hub whose messages are JSON values.
 *
 * @param options What it depends on.
 */
export function jsonDialect(options: HubDialectOptions): HubDialect {
  const encodeNotice = (text: string) =>
    encode(`${JSON.stringify({ hub: text })}\n`);
  return {
    greets: false,
    heartbeat: encodeNotice("ping"),
    encodeMessage: (message) => encodeValue(message, options.names),
    encodeNotice,
    encodeFarewell: encodeNotice,
    decoder: () => new JsonDecoder(options.mostBytes),
  };
}

class JsonDecoder implements HubDecoder {
  readonly #mostBytes: number;
  readonly #splitter: LineSplitter;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#splitter = new LineSplitter(mostBytes);
  }

  /** Where a line ends is not known before. */
  get least(): number {
    return 1;
  }

  *push(bytes: Uint8Array): Generator<HubFrame> {
    for (const line of this.#splitter.push(bytes)) {
      if (line === undefined) yield tooLong(this.#mostBytes);
      // An empty line is a sign of life.
      else if (line.length > 0) yield readHubJson(line);
    }
  }

  *end(): Generator<HubFrame> {
    if (!this.#splitter.isWithinLine) return;
    yield problem("Not sent: the last line has no end");
  }
}

/**
 * Some parsers find a key whatever the case of its letters: for them, too, the
 * hub's key has to be the hub's alone.
 */
function readForHub(value: unknown): HubFrame | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return undefined;
  const isForHub = Object.keys(value).some((key) =>
    key.toLowerCase() === "hub"
  );
  if (!isForHub) return undefined;
  const { hub } = value as Record<string, unknown>;
  if (typeof hub === "string" && hub.startsWith("/")) {
    return { kind: "command", text: hub };
  }
  return problem('Not sent: the key "hub" is for commands to the hub');
}

/** A line's end within a JSON text can only be white space between tokens. */
function onOneLine(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(LF) && !bytes.includes(CR)) return bytes;
  return bytes.map((byte) => byte === LF || byte === CR ? SPACE : byte);
}

function encodeValue({ from, bytes }: HubMessage, names: boolean): Uint8Array {
  const before = encode(
    names ? `{"from":${JSON.stringify(from)},"value":` : "",
  );
  const after = encode(names ? "}\n" : "\n");
  return concat([before, bytes, after]);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
