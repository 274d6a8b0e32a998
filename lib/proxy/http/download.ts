/**
 * Passes an answer on to the client.
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
  /** Its head for the client. */
  head: Uint8Array<ArrayBuffer>;
  /** Where its body ends. */
  framing: Framing;
  /** Whether only the data of chunks is passed on. */
  dechunk: boolean;
}

/**
 * Passes an answer on. Its head goes into one write with the body bytes that
 * have arrived: a write costs more than the rest of the work (measured).
 *
 * @param pair The two connections.
 * @param download The answer.
 * @throws {HttpError} 502, if the body is malformed in its first bytes: the
 *   client has received nothing yet.
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
    // The body may not arrive for a long time.
    if (dechunk || reader.bytes.length === 0) await write(NOTHING);
    await relayBody(reader, framing, write, { dechunk });
    if (unsent !== undefined) await write(NOTHING);
  } catch (error) {
    throw pair.isBegun ? error : pair.refusal(error);
  }
}
