/**
 * Relays the reset of one end of a tunnel to the other end.
 *
 * @module
 */

import type { ByteChannel, ConnectionEnds } from "./connection.ts";
import type { Duplex } from "./duplex.ts";
import { type PendingReset, resetSocket } from "./system/reset_socket.ts";
import { socketUnder } from "./socket_under.ts";

/**
 * What reaches the other end as a reset: an error of one end (`on`), also what
 * Sluice itself cuts, such as at a time limit (`all`), or nothing (`off`).
 */
export const RESET_RELAYS = ["on", "all", "off"] as const;

/** What reaches the other end as a reset. */
export type ResetRelay = typeof RESET_RELAYS[number];

/**
 * Resets a connection after delivering everything written to it. Layers such as
 * TLS in between end without a closing message.
 *
 * @param duplex The connection; the caller closes it when this is done.
 * @param patience Milliseconds without progress after which undelivered bytes
 *   are dropped; 0 drops them now.
 * @returns The reset; `undefined` if the platform cannot do it.
 */
export function resetDuplex(
  duplex: Duplex,
  patience: number,
): PendingReset | undefined {
  const socket = socketUnder(duplex.carrier);
  return hasEnds(socket) ? resetSocket(socket, patience) : undefined;
}

/** How a connection ends. */
export interface EndingOptions {
  /** Whether it is reset if possible (default: closed). */
  isReset?: boolean;
  /** As for {@linkcode resetDuplex}. */
  patience: number;
}

/** A connection that is ending. */
export class EndingPeer {
  /**
   * Resolves when it is closed; true if the peer was still there, and had not
   * closed before.
   */
  readonly done: Promise<boolean>;
  readonly #reset: PendingReset | undefined;

  /**
   * Begins to end a connection.
   *
   * @param peer The connection.
   * @param options How it ends.
   */
  constructor(peer: Duplex, { isReset = false, patience }: EndingOptions) {
    this.#reset = isReset ? resetDuplex(peer, patience) : undefined;
    const ending = this.#reset?.done ?? isThere(peer);
    this.done = ending.then((wasThere) => {
      peer.close();
      return wasThere;
    });
  }

  /** Drops undelivered bytes instead of waiting for them. */
  hurry(): void {
    this.#reset?.hurry();
  }
}

/** Never rejects. A probe would wait for the pending write. */
function isThere(peer: Duplex): Promise<boolean> {
  if (peer.isWriting) return Promise.resolve(true);
  return peer.probe().then(() => true, () => false);
}

function hasEnds(
  channel: ByteChannel,
): channel is ByteChannel & ConnectionEnds {
  return "localAddr" in channel && "remoteAddr" in channel;
}
