/**
 * Receives datagrams without losing any of a burst.
 *
 * @module
 */

/** Most large datagrams of one socket in flight. */
const BUFFERS = 4;

/** Datagrams up to so many bytes are copied, which frees their buffer. */
const SMALL = 2_048;

/** Most datagrams of one socket in flight. */
const MOST_PASSING = 256;

/** No datagram has more bytes: its length field has 16 bits (RFC 768). */
const LONGEST_DATAGRAM = 65_535;

/**
 * Consecutive failures that end the pump. Some systems report an ICMP message
 * about a sent datagram as an error of the next receive.
 */
const MOST_FAILURES = 1_000;

/**
 * Passes a datagram on.
 *
 * @param datagram The datagram, valid until the returned promise settles. The
 *   requested headroom precedes it in the same buffer.
 * @param from Its sender.
 * @returns Resolves when it is passed on, and must not reject; `undefined` if
 *   that has already happened.
 */
export type PassOn = (
  datagram: Uint8Array<ArrayBuffer>,
  from: Deno.NetAddr,
) => Promise<void> | undefined;

/**
 * Receives until the socket is closed. The system's queue is short, so the next
 * datagram is received while earlier ones are still being sent: a small one as
 * a copy, a large one in one of a few reused buffers. The part of a burst that
 * exceeds the system's queue is lost (see `receive_queue.ts`).
 *
 * @param socket The socket; closing it ends the pump.
 * @param passOn Takes each datagram.
 * @param headroom Bytes to leave free in front of each datagram.
 * @returns Resolves when all datagrams are passed on.
 */
export async function pumpDatagrams(
  socket: Deno.DatagramConn,
  passOn: PassOn,
  headroom: number,
): Promise<void> {
  const free: Uint8Array<ArrayBuffer>[] = [];
  const passing = new Set<Promise<void>>();
  let lent = 0;

  async function receive(): Promise<void> {
    while (lent === BUFFERS || passing.size >= MOST_PASSING) {
      await Promise.race(passing);
    }
    const buffer = free.pop() ?? new Uint8Array(headroom + LONGEST_DATAGRAM);
    try {
      const [{ length }, from] = await socket.receive(
        buffer.subarray(headroom),
      );
      const isSmall = length <= SMALL;
      const own = isSmall ? buffer.slice(0, headroom + length) : buffer;
      const datagram = own.subarray(headroom, headroom + length);
      const done = passOn(datagram, from as Deno.NetAddr);
      if (done !== undefined) track(done, isSmall ? undefined : buffer);
      if (done === undefined || isSmall) free.push(buffer);
    } catch (error) {
      free.push(buffer);
      throw error;
    }
  }

  function track(
    done: Promise<void>,
    buffer: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    if (buffer !== undefined) lent++;
    const tracked = done.then(() => {
      passing.delete(tracked);
      if (buffer === undefined) return;
      lent--;
      free.push(buffer);
    });
    passing.add(tracked);
  }

  for (let failures = 0; failures < MOST_FAILURES;) {
    try {
      await receive();
      failures = 0;
    } catch (error) {
      if (isClosed(error)) break;
      failures++;
    }
  }
  await Promise.all(passing);
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
