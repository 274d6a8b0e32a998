/**
 * What a datagram to `sluice echo --udp` gets (RFC 862, RFC 863, RFC 864).
 *
 * @module
 */

import { type PassOn, pumpDatagrams } from "../net/udp/pump.ts";
import { UdpSender } from "../net/udp/sender.ts";
import { setDeadline } from "../sync/deadline.ts";
import { DelayLine } from "../sync/delay_line.ts";
import { watchStall } from "../sync/stall.ts";
import { chargenBlock } from "./chargen.ts";
import { type EchoMode, QUIET } from "./echo.ts";

/** Bytes of datagrams that are held back for a delay; more are dropped. */
const MOST_HELD = 4 * 1024 * 1024;

/** A datagram that holds little costs memory too. */
const OVERHEAD = 256;

/** The longest answer of a character generator (RFC 864). */
const LONGEST_TEXT = 512;

/**
 * Ports below are those of services. One datagram with the sender forged would
 * make two of them answer each other for ever (CERT CA-1996-01).
 */
const FIRST_CLIENT_PORT = 1024;

/** How datagrams are answered. */
export interface UdpEchoSettings {
  /** What the answer is. */
  mode: EchoMode;
  /** Milliseconds by which each answer is held back; 0 is not at all. */
  delay: number;
}

/** What was done so far. */
export interface UdpEchoCounts {
  /** Datagrams that came. */
  received: number;
  /** Answers that were sent. */
  answered: number;
  /** Those that got no answer although there is one: by their port, for want of room, or because it could not be sent. */
  dropped: number;
}

/** A socket that answers. */
export interface UdpEcho {
  /** What was done so far. */
  readonly counts: Readonly<UdpEchoCounts>;
  /**
   * Waits until nothing moves any more, and closes the socket.
   *
   * @param deadline Milliseconds until it is closed anyway; 0 is at once.
   */
  shutdown(deadline: number): Promise<void>;
}

/**
 * Answers datagrams. A text is no longer than the datagram that asked for it, so
 * that nobody can use it to send others more than he sends himself.
 *
 * @param socket The socket; it is closed at the shutdown.
 * @param settings How to answer.
 * @returns What is running.
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
      counts.dropped++; // Of this datagram alone, such as one that is too long.
    }
  }

  const answer: PassOn = (datagram, to) => {
    counts.received++;
    if (mode === "discard") return undefined;
    if (to.port < FIRST_CLIENT_PORT || to.port === own) {
      counts.dropped++;
      return undefined;
    }
    const bytes = mode === "echo" ? datagram : text.subarray(
      0,
      Math.min(datagram.length, LONGEST_TEXT),
    );
    if (line === undefined) return send({ bytes, to });
    // The datagram's buffer is used again at once.
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
