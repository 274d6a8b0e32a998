/**
 * Writing to an end of the program that may take a part at a time.
 *
 * @module
 */

/** What is written to: a connection, a file or standard output. */
export interface Output {
  /** Writes some of the bytes, and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** What is written to while everything else waits. */
export interface SyncOutput {
  /** Writes some of the bytes, and tells how many. */
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes all of the bytes before anything else happens.
 *
 * @param output What they are written to.
 * @throws The output's error.
 */
export function writeAllSync(output: SyncOutput, bytes: Uint8Array): void {
  for (let count = 0; count < bytes.length;) {
    count += output.writeSync(bytes.subarray(count));
  }
}

/**
 * Writes all of the bytes, one call at a time.
 *
 * @param output What they are written to.
 * @param bytes Bytes; in use until the promise settles.
 * @param count Counts each part as soon as it is taken (default: nothing does).
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
    if (taken === rest.length) return; // Most often: no view is made.
    rest = rest.subarray(taken);
  }
}
