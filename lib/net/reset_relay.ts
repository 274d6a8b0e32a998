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

/** Options for {@linkcode EndingPeers}. */
export interface EndingOptions {
  /** Whether they are reset if possible (default: closed). */
  isReset?: boolean;
  /** As for {@linkcode resetDuplex}. */
  patience: number;
}

/** Connections that are ended together. */
export class EndingPeers {
  /**
   * Resolves when all connections are closed; true if a peer was still there,
   * and had not closed before.
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

  /** Drops undelivered bytes instead of waiting for them. */
  hurry(): void {
    for (const pending of this.#pending) pending?.hurry();
  }
}

/** A probe would wait for the pending write. */
function isThere(peer: Duplex): Promise<boolean> {
  if (peer.isWriting) return Promise.resolve(true);
  return peer.probe().then(() => true, () => false);
}

function hasEnds(
  channel: ByteChannel,
): channel is ByteChannel & ConnectionEnds {
  return "localAddr" in channel && "remoteAddr" in channel;
}
