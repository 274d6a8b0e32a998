/**
 * The hub in JSON, one value per line (https://jsonlines.org).
 *
 * ```text
 * from a client              to a client
 * any value LF               any value LF             message of a client
 * {"hub":"/name alice"} LF   {"hub":"text"} LF        notice of the hub
 *                            {"from":"alice","value":any value} LF
 *                                                     message, with names
 * ```
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  encodeUtf8,
  type HubDialect,
  type HubDialectOptions,
  type HubFrame,
  type HubMessage,
  problem,
} from "./frame.ts";
import { inLines } from "./text_lines.ts";

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * Converts a JSON text to a frame.
 *
 * @param bytes The text.
 * @returns The frame; a message is always on one line. A text that is not JSON,
 *   or that looks like a notice of the hub, becomes a problem.
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

/** Creates the dialect of a hub whose messages are JSON values. */
export function jsonDialect(
  { mostBytes, names }: HubDialectOptions,
): HubDialect {
  return inLines(mostBytes, {
    encodeMessage: (message) => encodeValue(message, names),
    encodeNotice: (text) => encodeUtf8(`${JSON.stringify({ hub: text })}\n`),
    // An empty line is a sign of life.
    read: (line) => line.length === 0 ? undefined : readHubJson(line),
  });
}

/**
 * Ignores letter case, because some parsers do too. The key must belong to the
 * hub alone for them as well.
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

/** A line end inside a JSON text can only be white space between tokens. */
function onOneLine(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(LF) && !bytes.includes(CR)) return bytes;
  return bytes.map((byte) => byte === LF || byte === CR ? SPACE : byte);
}

function encodeValue({ from, bytes }: HubMessage, names: boolean): Uint8Array {
  const before = encodeUtf8(
    names ? `{"from":${JSON.stringify(from)},"value":` : "",
  );
  const after = encodeUtf8(names ? "}\n" : "\n");
  return concat([before, bytes, after]);
}
