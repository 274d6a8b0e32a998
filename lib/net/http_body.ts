/**
 * Passes the body of an HTTP message on as it arrives.
 *
 * @module
 */

import { ChunkedScanner } from "../wire/http1/chunked.ts";
import type { Framing } from "../wire/http1/framing.ts";
import type { HttpReader } from "./http_reader.ts";

/** Options for {@linkcode relayBody}. */
export interface RelayBodyOptions {
  /** Passes on only the data of chunks (default: the chunks as they are). */
  dechunk?: boolean;
}

/**
 * Reads a body to its end and no further. It reads a piece only after the one
 * before is written, so a slow reader slows the sender down.
 *
 * @param from Reader of the sender's connection.
 * @param framing How the end of the body is found.
 * @param write Passes a piece on; the bytes are valid until the promise
 *   settles.
 * @param options Whether chunks are decoded.
 * @throws {HttpError} If the chunks are malformed.
 * @throws {Deno.errors.UnexpectedEof} If the connection ends too early.
 */
export async function relayBody(
  from: HttpReader,
  framing: Framing,
  write: (bytes: Uint8Array) => Promise<void>,
  options: RelayBodyOptions = {},
): Promise<void> {
  switch (framing.kind) {
    case "none":
      return;
    case "length":
      return await relayLength(from, framing.length, write);
    case "chunked":
      return options.dechunk
        ? await relayData(from, write)
        : await relayChunks(from, write);
    case "close":
      while (await from.fill()) {
        await write(from.bytes);
        from.take(from.bytes.length);
      }
  }
}

async function relayLength(
  from: HttpReader,
  length: number,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let left = length;
  while (left > 0) {
    await fillOrFail(from);
    const { bytes } = from;
    const piece = bytes.length > left ? bytes.subarray(0, left) : bytes;
    await write(piece);
    from.take(piece.length);
    left -= piece.length;
  }
}

async function relayChunks(
  from: HttpReader,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const scanner = new ChunkedScanner();
  while (!scanner.isDone) {
    await fillOrFail(from);
    // Checked before it is passed on: nothing malformed reaches the other side.
    const count = scanner.push(from.bytes);
    await write(from.bytes.subarray(0, count));
    from.take(count);
  }
}

async function relayData(
  from: HttpReader,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const scanner = new ChunkedScanner();
  while (!scanner.isDone) {
    await fillOrFail(from);
    const pieces: Uint8Array[] = [];
    const count = scanner.push(from.bytes, (data) => pieces.push(data));
    for (const piece of pieces) await write(piece);
    from.take(count);
  }
}

async function fillOrFail(from: HttpReader): Promise<void> {
  if (await from.fill()) return;
  throw new Deno.errors.UnexpectedEof("Cannot read body: it ended early");
}
