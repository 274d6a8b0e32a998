/**
 * Accepts connections until stopped, even if the machine runs out of resources.
 *
 * @module
 */

import { CutError } from "../observe/cut_error.ts";
import { Context, timeoutError } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { elapsed } from "../sync/elapsed.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { WaitGroup } from "../sync/wait_group.ts";
import { isOfOneClient } from "./accept_error.ts";
import type { Connection } from "./connection.ts";

/** A source of connections; a `Deno.TcpListener` implements it as it is. */
export interface Listener extends Disposable {
  /** The bound address, with the real port. */
  readonly addr: Deno.Addr;
  /** Whether other processes accept on the same socket (default false). */
  readonly isShared?: boolean;
  /**
   * Changes the permissions of the file of a Unix socket.
   *
   * @param mode The permissions (default `0o600`).
   */
  setMode?(mode?: number): void;
  /** Waits for the next connection. */
  accept(): Promise<Connection>;
}

/**
 * Serves one connection. It owns the connection and closes it, and must end
 * soon after its context is cancelled.
 *
 * @param connection The connection, just accepted.
 * @param context A child of the server's, for this connection alone.
 * @param draining Cancelled soon after the shutdown begins: connections without
 *   a request should then end.
 */
export type Handler = (
  connection: Connection,
  context: Context,
  draining: Context,
) => Promise<void>;

/** Options for {@linkcode serve}. */
export interface ServeOptions {
  /**
   * A permit for each connection held at once (default: 20,000 of the server's
   * own); more wait in the backlog. Servers may share it.
   */
  slots?: Semaphore;
  /**
   * Ends a connection that is not needed any more, if there is one: called
   * when no permit is free for the next one, and when accepting fails.
   */
  makeRoom?: () => void;
  /** Called when accepting fails, at most once in `tellEvery`. */
  onAcceptError?: (error: unknown) => void;
  /** Milliseconds between calls of `onAcceptError` (default 60,000). */
  tellEvery?: number;
  /** Called when a handler throws, which is always an internal error. */
  onHandlerError?: (error: unknown) => void;
  /**
   * Milliseconds from the beginning of the shutdown until `draining`
   * of the handlers is cancelled (default 0). A client that connected just before it can
   * still send its request, and is served as usual.
   */
  grace?: number;
}

/** A server that is running. */
export interface Server {
  /** The bound address, with the real port. */
  readonly addr: Deno.NetAddr;
  /** How many connections are open. */
  readonly connections: number;
  /** Resolves when nothing is accepted any more and every handler has ended. */
  readonly finished: Promise<void>;
  /**
   * Stops accepting and lets connections finish.
   *
   * @param deadline Milliseconds until those left are cancelled; 0 is at once,
   *   `Infinity` never.
   * @returns How many were cancelled.
   */
  shutdown(deadline: number): Promise<number>;
}

/** Pauses between attempts while accepting fails, in milliseconds. */
const BACK_OFF = { first: 5, factor: 2, most: 1_000 } as const;

/**
 * Serves connections from a listener.
 *
 * @param listener Where from; it is closed at the shutdown.
 * @param handler Serves one connection.
 * @param options Additional options.
 */
export function serve(
  listener: Listener,
  handler: Handler,
  options: ServeOptions = {},
): Server {
  const { onAcceptError, onHandlerError, tellEvery = 60_000 } = options;
  const { grace = 0, makeRoom } = options;
  const { slots = new Semaphore(20_000) } = options;
  const root = new Context();
  const stopping = new Context();
  const draining = new Context();
  const open = new WaitGroup();
  let cut = 0;

  async function acceptAll(): Promise<void> {
    let pause = 0;
    let told = -Infinity;
    while (!stopping.cancelled) {
      if (slots.free === 0) makeRoom?.();
      try {
        await slots.acquire(stopping);
      } catch {
        return; // The shutdown ends this wait.
      }
      try {
        handle(await listener.accept());
        pause = 0;
      } catch (error) {
        slots.release();
        if (stopping.cancelled) return;
        if (isOfOneClient(error)) continue;
        makeRoom?.();
        if (performance.now() >= told + tellEvery) {
          told = performance.now();
          onAcceptError?.(error);
        }
        pause = Math.min(pause * BACK_OFF.factor, BACK_OFF.most) ||
          BACK_OFF.first;
        await elapsed(pause, stopping);
      }
    }
  }

  function handle(connection: Connection): void {
    const context = new Context(root);
    const end = () => {
      context.release();
      slots.release();
      open.leave();
    };
    open.enter();
    handler(connection, context, draining).then(end, (error: unknown) => {
      onHandlerError?.(error);
      end();
    });
  }

  function cutAll(deadline: number): void {
    if (root.cancelled) return;
    cut = open.size;
    root.cancel(
      deadline === 0
        ? new CutError("shutdown", "Cut by the shutdown")
        : timeoutError(deadline, "Drain time"),
    );
  }

  const finished = acceptAll().then(() => open.wait());
  return {
    addr: listener.addr as Deno.NetAddr,
    finished,
    get connections() {
      return open.size;
    },
    async shutdown(deadline) {
      const reason = new CutError("shutdown", "Server is shutting down");
      stopping.cancel(reason);
      listener[Symbol.dispose]();
      const first = Math.min(grace, deadline);
      if (first === 0) draining.cancel(reason);
      if (deadline === 0) cutAll(deadline);
      const telling = setDeadline(first, () => draining.cancel(reason));
      const timer = setDeadline(
        Number.isFinite(deadline) ? deadline : 0,
        () => cutAll(deadline),
      );
      await finished;
      telling.clear();
      timer.clear();
      return cut;
    },
  };
}
