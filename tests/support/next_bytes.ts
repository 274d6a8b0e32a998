import type { Duplex } from "../../lib/net/duplex.ts";

/** Reads the next chunk with a new reader; `null` is end of file. */
export async function nextBytes(duplex: Duplex): Promise<Uint8Array | null> {
  const reader = duplex.readable.getReader();
  try {
    const { value, done } = await reader.read();
    return done ? null : value;
  } finally {
    reader.releaseLock();
  }
}

/** Takes the bytes of one read in place, like a pipe. */
export async function takeInPlace({ inbox }: Duplex): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  inbox.wait({
    onBytes: resolve,
    onEnd: resolve,
    onError: reject,
    onReplaced: resolve,
  });
  await promise;
  return inbox.take();
}
