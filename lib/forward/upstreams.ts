/**
 * The upstreams of one listener of a relay: whichever is to be had.
 *
 * @module
 */

import { DialError } from "../net/dial_error.ts";
import { Balancer, type BalancerOptions } from "../policy/limits/balancer.ts";
import { clientKey } from "../policy/limits/client_key.ts";
import { Context } from "../sync/context.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import { loopOf } from "../serve/target/loops.ts";
import type { LeaseOptions, Upstream, UpstreamLease } from "./upstream.ts";

/** Settings of {@linkcode Upstreams}. */
export interface UpstreamsOptions extends BalancerOptions {
  /** Milliseconds between checks of each; 0 (the default) checks none. */
  checkInterval?: number;
  /** Milliseconds that a check may take (default 2,000). */
  checkTimeout?: number;
}

/** Options for taking a connection for a client. */
export interface ClientLeaseOptions extends LeaseOptions {
  /** The client's address, for the choice. */
  client: string;
}

/** The upstreams of one listener. */
export class Upstreams implements Disposable {
  readonly #all: readonly Upstream[];
  readonly #balancer: Balancer<Upstream>;
  readonly #context = new Context();
  readonly #checkTimeout: number;
  readonly #checkInterval: number;
  #timer: Deadline | undefined;

  /**
   * Creates the group, and begins to check its members.
   *
   * @param all The upstreams, one at least; they end with the group.
   * @param options How one is chosen.
   */
  constructor(all: readonly Upstream[], options: UpstreamsOptions = {}) {
    this.#all = all;
    this.#balancer = new Balancer(all, options);
    this.#checkInterval = options.checkInterval ?? 0;
    this.#checkTimeout = options.checkTimeout ?? 2_000;
    if (this.#checkInterval > 0) void this.#checkAll();
  }

  /** The upstreams, as configured. */
  get all(): readonly Upstream[] {
    return this.#all;
  }

  /**
   * Takes a connection to one of them: the next is tried where one can't be
   * reached, each once.
   *
   * @param context Gives up when cancelled.
   * @param options Whom it is for, and whether it has to be new.
   * @returns The connection; to be disposed of.
   * @throws {DialError} If none of those that are up can be reached, or none is.
   * @throws {Refusal} `loop`, where the last of them is a listener on its way.
   */
  async lease(
    context: Context,
    { client, ...options }: ClientLeaseOptions,
  ): Promise<UpstreamLease> {
    const tried = new Set<Upstream>();
    let failure: unknown;
    while (true) {
      const upstream = this.#balancer.choose(clientKey(client), tried);
      if (upstream === undefined) throw failure ?? this.#allDown();
      tried.add(upstream);
      try {
        return await upstream.lease(context, options);
      } catch (error) {
        const isTold = error instanceof DialError ||
          loopOf(error) !== undefined;
        if (context.cancelled || !isTold) throw error;
        failure = error;
      }
    }
  }

  /** Begins nothing more: no checks, no connections ahead of need. */
  drain(): void {
    this.#context.cancel(new Error("Relay is shutting down"));
    this.#timer?.clear();
    for (const upstream of this.#all) upstream[Symbol.dispose]();
  }

  /** The same as {@linkcode Upstreams.drain}. */
  [Symbol.dispose](): void {
    this.drain();
  }

  #allDown(): DialError {
    const names = this.#all.map(({ name }) => name).join(", ");
    return new DialError("refused", `No upstream is up (${names})`);
  }

  async #checkAll(): Promise<void> {
    await Promise.all(
      this.#all.map((upstream) =>
        upstream.check(this.#checkTimeout, this.#context)
      ),
    );
    if (this.#context.cancelled) return;
    this.#timer = setDeadline(this.#checkInterval, () => void this.#checkAll());
  }
}
