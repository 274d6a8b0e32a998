/**
 * An answer on its way to the client.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { relayBody } from "../../net/http_body.ts";
import type { Framing } from "../../wire/http1/framing.ts";
import type { ConnectionPair } from "./connection_pair.ts";

const NOTHING = new Uint8Array();

/** An answer, its body still to be read. */
export interface Download {
  /** Its head as the client gets it. */
  head: Uint8Array<ArrayBuffer>;
  /** Where its body ends. */
  framing: Framing;
  /** Whether only the data of chunks is passed on. */
  dechunk: boolean;
}

/**
 * Passes an answer on. Its head goes into one segment with what has come of the
 * body: a write costs more than all that is done about it (measured).
 *
 * @param pair The two connections.
 * @param download The answer.
 * @throws {HttpError} 502, if the body is malformed from its first bytes on:
 *   the client has got nothing then.
 * @throws If it fails later.
 */
export async function passOnAnswer(
  pair: ConnectionPair,
  { head, framing, dechunk }: Download,
): Promise<void> {
  const { reader } = pair.origin!;
  let unsent: Uint8Array | undefined = head;
  const write = (bytes: Uint8Array) => {
    const all = unsent === undefined ? bytes : concat([unsent, bytes]);
    unsent = undefined;
    pair.begin();
    return pair.toClient(all);
  };
  try {
    // Nothing may come of the body for a long time.
    if (dechunk || reader.bytes.length === 0) await write(NOTHING);
    await relayBody(reader, framing, write, { dechunk });
    if (unsent !== undefined) await write(NOTHING);
  } catch (error) {
    throw pair.isBegun ? error : pair.refusal(error);
  }
}
