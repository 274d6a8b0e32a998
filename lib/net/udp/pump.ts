/**
 * Receiving datagrams without losing any of a burst.
 *
 * @module
 */

/** Large datagrams of one socket that are being passed on at once. */
const BUFFERS = 4;

/** Bytes up to which a datagram is copied, so that its buffer is free again. */
const SMALL = 2_048;

/** Datagrams of one socket that are being passed on at once. */
const MOST_PASSING = 256;

/** No datagram has more bytes: its length field has 16 bits (RFC 768). */
const LONGEST_DATAGRAM = 65_535;

/**
 * Failures in a row that end the pump. Some systems report an ICMP message
 * about what was sent as an error of the next receive, which is none of it.
 */
const MOST_FAILURES = 1_000;

/**
 * Passes a datagram on.
 *
 * @param datagram The datagram; valid until the returned promise has settled.
 *   Before it, in the same buffer, there is as much room as was asked for.
 * @param from Where it came from.
 * @returns When it is passed on, which must not fail; nothing where that has
 *   already happened.
 */
export type PassOn = (
  datagram: Uint8Array<ArrayBuffer>,
  from: Deno.NetAddr,
) => Promise<void> | undefined;

/**
 * Receives until the socket is closed. What the system holds for a socket is
 * little, so the next datagram is received while the ones before are still
 * being sent: a small one as a copy of its own size, a large one in one of a
 * few buffers that are used again. What one burst puts beyond the system's queue
 * is lost before it can be received (see `receive_queue.ts`).
 *
 * @param socket The socket; closing it ends the pump.
 * @param passOn Takes each datagram.
 * @param headroom Bytes to leave free in front of each datagram.
 * @returns When nothing is received or passed on any more.
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
