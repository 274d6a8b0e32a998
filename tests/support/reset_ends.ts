/**
 * The ends of connections, for tests of resets. Importing this module loads the
 * C library for the whole run.
 *
 * @module
 */

import { assert } from "@std/assert";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { resetDuplex } from "../../lib/net/reset_relay.ts";

// Outside of all tests, because the library stays loaded.
prepareCLibrary();

/** Resets need Linux. */
export const HAS_RESETS = Deno.build.os === "linux";

/** The bytes a peer received, and how they ended. */
export interface Received {
  bytes: Uint8Array<ArrayBuffer>;
  end: "FIN" | "RST";
}

/**
 * Reads until the peer ends or resets, with at most this many bytes per read.
 */
export async function receive(
  conn: Pick<Connection, "read">,
  length = 64 * 1024,
): Promise<Received> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(length);
  const bytes = async () =>
    new Uint8Array(await new Blob(chunks).arrayBuffer());
  try {
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) return { bytes: await bytes(), end: "FIN" };
      chunks.push(buffer.slice(0, count));
    }
  } catch (error) {
    assert(error instanceof Deno.errors.ConnectionReset, String(error));
    return { bytes: await bytes(), end: "RST" };
  }
}

/** Resets a connection after its written bytes, and closes it. */
export async function resetAndClose(conn: Connection): Promise<void> {
  assert(await resetDuplex(new Duplex(conn), 10_000)!.done);
  conn.close();
}
