/**
 * Writes to an output that may take only part of the bytes at a time.
 *
 * @module
 */

/** An output: a connection, a file or standard output. */
export interface Output {
  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** An output that is written synchronously. */
export interface SyncOutput {
  /** Writes some of the bytes and returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes all bytes synchronously.
 *
 * @throws The output's error.
 */
export function writeAllSync(output: SyncOutput, bytes: Uint8Array): void {
  for (let count = 0; count < bytes.length;) {
    count += output.writeSync(bytes.subarray(count));
  }
}

/**
 * Writes all bytes, one call at a time.
 *
 * @param bytes The bytes; in use until the promise settles.
 * @param count Called with the size of each written part (default: not called).
 * @throws The output's error.
 */
export async function writeAll(
  output: Output,
  bytes: Uint8Array,
  count?: { sent: number },
): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    const taken = await output.write(rest);
    if (count !== undefined) count.sent += taken;
    if (taken === rest.length) return; // The usual case: no view is made.
    rest = rest.subarray(taken);
  }
}
