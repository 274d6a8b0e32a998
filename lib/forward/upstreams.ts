/**
 * The upstreams of one listener, and the choice between them.
 *
 * @module
 */

import { DialError } from "../net/dial_error.ts";
import { Balancer } from "../policy/limits/balancer.ts";
import { clientKey } from "../policy/limits/client_key.ts";
import { Context } from "../sync/context.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import { loopOf } from "../serve/target/loops.ts";
import type { ForwardSettings } from "./options.ts";
import type { LeaseOptions, Upstream, UpstreamLease } from "./upstream.ts";

/** The upstreams of one listener. */
export class Upstreams implements Disposable {
  /** The upstreams. */
  readonly all: readonly Upstream[];
  readonly #balancer: Balancer<Upstream>;
  readonly #context = new Context();
  readonly #balance: ForwardSettings["balance"];
  #timer: Deadline | undefined;

  /**
   * Creates the group, and starts the health checks.
   *
   * @param all One or more upstreams; they end with the group.
   * @param balance How to choose and check one.
   */
  constructor(all: readonly Upstream[], balance: ForwardSettings["balance"]) {
    this.all = all;
    this.#balance = balance;
    this.#balancer = new Balancer(all, balance);
    if (balance.checkInterval > 0) void this.#checkAll();
  }

  /**
   * Takes a connection to one of them. If one cannot be reached, the next is
   * tried, each once.
   *
   * @param context Gives up when cancelled.
   * @param options The client, and whether it needs a new connection.
   * @returns The connection; the caller disposes of it.
   * @throws {DialError} If no upstream is up, or none that is up can be
   *   reached.
   * @throws {Refusal} `loop`, if the last of them is a listener that the client
   *   has come through.
   */
  async lease(
    context: Context,
    { client, ...options }: LeaseOptions & { client: string },
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

  /** Stops health checks and dials in advance. */
  [Symbol.dispose](): void {
    this.#context.cancel(new Error("Relay is shutting down"));
    this.#timer?.clear();
    for (const upstream of this.all) upstream[Symbol.dispose]();
  }

  #allDown(): DialError {
    const names = this.all.map(({ name }) => name).join(", ");
    return new DialError("refused", `No upstream is up (${names})`);
  }

  async #checkAll(): Promise<void> {
    const { checkInterval, checkTimeout } = this.#balance;
    await Promise.all(
      this.all.map((upstream) => upstream.check(checkTimeout, this.#context)),
    );
    if (this.#context.cancelled) return;
    this.#timer = setDeadline(checkInterval, () => void this.#checkAll());
  }
}
