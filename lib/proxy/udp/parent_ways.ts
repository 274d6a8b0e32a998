/**
 * The ways of one UDP association through parents: each group of parents is
 * asked once, when it is needed first.
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

/** Milliseconds until parents that failed are asked again. */
const RETRY_AFTER = 2_000;

/** Options for {@linkcode ParentWays}. */
export interface ParentWaysOptions {
  /** Asks parents to relay. */
  associate: (group: ParentGroup) => Promise<AssociatedParents>;
  /** Takes what comes back. */
  onReturn: OnReturn;
  /** Called if a parent ends its part, with the parent. */
  onEnd: (parent: string) => void;
  /** Called when a way is open, with how it goes. */
  onOpen: (way: string) => void;
}

/** A group that was asked. */
interface Asked {
  way: ParentAssociation | Promise<ParentAssociation | undefined> | undefined;
  /** When a failure is forgotten, by `performance.now`. */
  retryAt: number;
}

/** The ways of one association. */
export class ParentWays {
  readonly #options: ParentWaysOptions;
  readonly #groups = new Map<ParentGroup, Asked>();
  readonly #work = new WaitGroup();
  #isClosed = false;

  /**
   * Begins without any.
   *
   * @param options How ways are opened and used.
   */
  constructor(options: ParentWaysOptions) {
    this.#options = options;
  }

  /**
   * Asks a group, whatever is known of it.
   *
   * @returns The way.
   * @throws What asking throws.
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
   * Finds the way through a group.
   *
   * @returns The way; a promise while it is opened; `undefined` for a while
   *   after that has failed.
   */
  find(
    group: ParentGroup,
  ): ParentAssociation | Promise<ParentAssociation | undefined> | undefined {
    const asked = this.#groups.get(group);
    const isKnown = asked !== undefined &&
      (asked.way !== undefined || performance.now() < asked.retryAt);
    if (isKnown) return asked.way;
    const opening = this.open(group).catch(() => {
      // There is nobody to tell; the datagrams are counted.
      const retryAt = performance.now() + RETRY_AFTER;
      this.#groups.set(group, { way: undefined, retryAt });
      return undefined;
    });
    this.#groups.set(group, { way: opening, retryAt: 0 });
    this.#work.add(opening.then(() => {}));
    return opening;
  }

  /** Closes all ways. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const { way } of this.#groups.values()) {
      if (way !== undefined && !(way instanceof Promise)) way.close();
    }
    await this.#work.wait();
  }
}
