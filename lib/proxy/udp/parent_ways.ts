/**
 * The routes of one UDP association through parents. Each group of parents is
 * asked once, on first use.
 *
 * @module
 */

import type {
  OnReturn,
  ParentAssociation,
} from "../../net/udp/parent_association.ts";
import type {
  AssociatedParents,
  ParentGroup,
} from "../../serve/target/parents.ts";
import { WaitGroup } from "../../sync/wait_group.ts";

/** Milliseconds until failed parents are asked again. */
const RETRY_AFTER = 2_000;

/** Options for {@linkcode ParentWays}. */
export interface ParentWaysOptions {
  /** Asks parents to relay. */
  associate: (group: ParentGroup) => Promise<AssociatedParents>;
  /** Receives returning datagrams. */
  onReturn: OnReturn;
  /** Called with a parent that ends its association. */
  onEnd: (parent: string) => void;
  /** Called with each opened route, as text. */
  onOpen: (way: string) => void;
}

/** The state of a group that was asked. */
interface Asked {
  way: ParentAssociation | Promise<ParentAssociation | undefined> | undefined;
  /** Time of the next attempt after a failure, by `performance.now`. */
  retryAt: number;
}

/** The routes of one association. */
export class ParentWays {
  readonly #options: ParentWaysOptions;
  readonly #groups = new Map<ParentGroup, Asked>();
  readonly #work = new WaitGroup();
  #isClosed = false;

  /**
   * Starts without a route.
   *
   * @param options Callbacks.
   */
  constructor(options: ParentWaysOptions) {
    this.#options = options;
  }

  /**
   * Asks a group, even if it has failed recently.
   *
   * @throws What `associate` throws.
   */
  async open(group: ParentGroup): Promise<ParentAssociation> {
    const { associate, onEnd, onOpen, onReturn } = this.#options;
    const { association, way } = await associate(group);
    if (this.#isClosed) {
      association.close();
      throw new Error("Association has ended");
    }
    onOpen(way);
    this.#groups.set(group, { way: association, retryAt: 0 });
    this.#work.add((async () => {
      const parent = await association.run(onReturn);
      if (parent !== undefined) onEnd(parent);
    })());
    return association;
  }

  /**
   * Finds the route through a group.
   *
   * @returns The route; a promise while it opens; `undefined` for 2 s after a
   *   failure.
   */
  find(
    group: ParentGroup,
  ): ParentAssociation | Promise<ParentAssociation | undefined> | undefined {
    const asked = this.#groups.get(group);
    const isKnown = asked !== undefined &&
      (asked.way !== undefined || performance.now() < asked.retryAt);
    if (isKnown) return asked.way;
    const opening = this.open(group).catch(() => {
      // Nobody waits for an answer; the datagrams count as dropped.
      const retryAt = performance.now() + RETRY_AFTER;
      this.#groups.set(group, { way: undefined, retryAt });
      return undefined;
    });
    this.#groups.set(group, { way: opening, retryAt: 0 });
    this.#work.add(opening.then(() => {}));
    return opening;
  }

  /** Closes all routes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const { way } of this.#groups.values()) {
      if (way !== undefined && !(way instanceof Promise)) way.close();
    }
    await this.#work.wait();
  }
}
