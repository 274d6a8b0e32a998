/**
 * Receiving datagrams without losing any of a burst.
 *
 * @module
 */

/** Buffers of one socket: so many datagrams are being passed on at once. */
const BUFFERS = 4;

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
 * being sent; the buffers are few and used again.
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
  const busy = new Set<Promise<void>>();
  let failures = 0;

  async function takeBuffer(): Promise<Uint8Array<ArrayBuffer>> {
    if (busy.size === BUFFERS) await Promise.race(busy);
    return free.pop() ?? new Uint8Array(headroom + LONGEST_DATAGRAM);
  }

  function lend(buffer: Uint8Array<ArrayBuffer>, passing: Promise<void>): void {
    const done = passing.then(() => {
      busy.delete(done);
      free.push(buffer);
    });
    busy.add(done);
  }

  while (failures < MOST_FAILURES) {
    const buffer = await takeBuffer();
    try {
      const [datagram, from] = await socket.receive(buffer.subarray(headroom));
      failures = 0;
      const passing = passOn(
        datagram as Uint8Array<ArrayBuffer>,
        from as Deno.NetAddr,
      );
      if (passing === undefined) free.push(buffer);
      else lend(buffer, passing);
    } catch (error) {
      if (isClosed(error)) break;
      free.push(buffer);
      failures++;
    }
  }
  await Promise.all(busy);
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
