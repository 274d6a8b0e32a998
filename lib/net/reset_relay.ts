/**
 * Passing the reset of one end of a tunnel on to the other end.
 *
 * @module
 */

import type { ByteChannel } from "./connection.ts";
import type { Duplex } from "./duplex.ts";
import {
  type PendingReset,
  resetSocket,
  type SocketEnds,
} from "./system/reset_socket.ts";
import { socketUnder } from "./socket_under.ts";

/**
 * What reaches the other end as a reset: the error of one end (`on`), also what
 * Sluice cuts by itself, such as at a time limit (`all`), or nothing (`off`).
 */
export const RESET_RELAYS = ["on", "all", "off"] as const;

/** What reaches the other end as a reset. */
export type ResetRelay = typeof RESET_RELAYS[number];

/**
 * Resets a connection behind everything that was written to it, also where
 * layers such as TLS are in between: they end without a word of their own.
 *
 * @param duplex The connection; the caller closes it when this is done.
 * @param patience Milliseconds in which the peer takes none of it, after which
 *   the rest is dropped; 0 drops it now.
 * @returns The reset; `undefined` where it can't be done.
 */
export function resetDuplex(
  duplex: Duplex,
  patience: number,
): PendingReset | undefined {
  const socket = socketUnder(duplex.carrier);
  return hasEnds(socket) ? resetSocket(socket, patience) : undefined;
}

/** Options for {@linkcode EndingPeers}. */
export interface EndingOptions {
  /** Whether they are reset, where that can be done (default: closed). */
  isReset?: boolean;
  /** As that of {@linkcode resetDuplex}. */
  patience: number;
}

/** Connections that are ended together. */
export class EndingPeers {
  /**
   * Resolves when all connections are closed, with whether one of the peers was
   * still there: the others had closed before.
   */
  readonly done: Promise<boolean>;
  readonly #pending: readonly (PendingReset | undefined)[];

  /**
   * Begins to end connections.
   *
   * @param peers The connections.
   * @param options How they end.
   */
  constructor(peers: readonly Duplex[], options: EndingOptions) {
    const { isReset = false, patience } = options;
    this.#pending = peers.map((peer) =>
      isReset ? resetDuplex(peer, patience) : undefined
    );
    this.done = Promise.all(peers.map((peer, index) => {
      const pending = this.#pending[index]?.done ?? isThere(peer);
      return pending.finally(() => peer.close());
    })).then((all) => all.includes(true));
  }

  /** Waits no longer for what is undelivered; that is dropped. */
  hurry(): void {
    for (const pending of this.#pending) pending?.hurry();
  }
}

/** A question would wait for a write that is under way. */
function isThere(peer: Duplex): Promise<boolean> {
  if (peer.isWriting) return Promise.resolve(true);
  return peer.probe().then(() => true, () => false);
}

function hasEnds(channel: ByteChannel): channel is ByteChannel & SocketEnds {
  return "localAddr" in channel && "remoteAddr" in channel;
}
