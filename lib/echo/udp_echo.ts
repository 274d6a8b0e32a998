/**
 * Answers datagrams for `sluice echo --udp` (RFC 862, RFC 863, RFC 864).
 *
 * @module
 */

import { type PassOn, pumpDatagrams } from "../net/udp/pump.ts";
import { UdpSender } from "../net/udp/sender.ts";
import { setDeadline } from "../sync/deadline.ts";
import { DelayLine } from "../sync/delay_line.ts";
import { watchStall } from "../sync/stall.ts";
import { chargenBlock } from "./chargen.ts";
import { type EchoSettings, QUIET } from "./echo.ts";

/** Most bytes of datagrams to hold for a delay; more are dropped. */
const MOST_HELD = 4 * 1024 * 1024;

/** Bytes of memory to count for each datagram besides its contents. */
const OVERHEAD = 256;

/** The longest answer of a character generator (RFC 864). */
const LONGEST_TEXT = 512;

/**
 * Lower ports belong to services. A single datagram with a forged sender would
 * make two services answer each other for ever (CERT CA-1996-01).
 */
const FIRST_CLIENT_PORT = 1024;

/** Kind of answer, and its delay in milliseconds. */
export type UdpEchoSettings = Pick<EchoSettings, "mode" | "delay">;

/** Counts since the start. */
export interface UdpEchoCounts {
  /** Datagrams received. */
  received: number;
  /** Answers sent. */
  answered: number;
  /**
   * Datagrams without their answer: because of the sender's port, for lack of
   * room, or because sending failed.
   */
  dropped: number;
}

/** A socket that answers datagrams. */
export interface UdpEcho {
  /** Counts since the start. */
  readonly counts: Readonly<UdpEchoCounts>;
  /**
   * Waits until nothing moves any more, then closes the socket.
   *
   * @param deadline Milliseconds before it closes in any case; 0 closes
   *   immediately.
   */
  shutdown(deadline: number): Promise<void>;
}

/**
 * Answers datagrams. The text is never longer than the datagram that asked for
 * it, so nobody can use the server to amplify an attack.
 *
 * @param socket The socket, which the shutdown closes.
 * @param settings How to answer.
 */
export function answerDatagrams(
  socket: Deno.DatagramConn,
  { mode, delay }: UdpEchoSettings,
): UdpEcho {
  const counts: UdpEchoCounts = { received: 0, answered: 0, dropped: 0 };
  const sender = new UdpSender(socket);
  const text = chargenBlock().subarray(0, LONGEST_TEXT);
  const own = (socket.addr as Deno.NetAddr).port;
  const line = delay === 0
    ? undefined
    : new DelayLine<Answer>(delay, MOST_HELD, send);

  async function send({ bytes, to }: Answer): Promise<void> {
    try {
      await sender.send(bytes, to);
      counts.answered++;
    } catch {
      counts.dropped++; // Affects only this datagram: it may be too long.
    }
  }

  const answer: PassOn = (datagram, to) => {
    counts.received++;
    if (mode === "discard") return undefined;
    if (to.port < FIRST_CLIENT_PORT || to.port === own) {
      counts.dropped++;
      return undefined;
    }
    const bytes = mode === "echo"
      ? datagram
      : text.subarray(0, datagram.length);
    if (line === undefined) return send({ bytes, to });
    // The datagram's buffer is reused immediately.
    const held = { bytes: bytes.slice(), to };
    if (!line.tryPush(held, OVERHEAD + bytes.length)) counts.dropped++;
    return undefined;
  };

  const pumped = pumpDatagrams(socket, answer, 0);
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    line?.clear();
    socket.close();
  }

  return {
    counts,
    async shutdown(deadline) {
      if (deadline === 0) close();
      let looks = 0;
      const progress = () =>
        line?.isEmpty === false ? --looks : counts.received;
      const quiet = watchStall(isClosed ? 0 : QUIET, progress, close);
      const latest = setDeadline(deadline, close);
      await pumped;
      quiet.clear();
      latest.clear();
    },
  };
}

interface Answer {
  bytes: Uint8Array;
  to: Deno.NetAddr;
}
