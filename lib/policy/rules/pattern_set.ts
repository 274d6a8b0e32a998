/**
 * Sets that patterns describe, such as all names below `example.com`, compared
 * without trying any member.
 *
 * @module
 */

/** How two patterns compare. */
export interface PatternKind<P> {
  /** Whether all that the second one describes is described by the first. */
  covers: (one: P, other: P) => boolean;
  /** Whether something may be described by both. */
  overlaps: (one: P, other: P) => boolean;
}

/** What some patterns describe, without what others do. It never changes. */
export class PatternSet<P> {
  readonly #kind: PatternKind<P>;
  readonly #all: readonly P[];
  readonly #but: readonly P[];

  /**
   * Makes a set.
   *
   * @param kind How its patterns compare.
   * @param all What is in it.
   * @param but What is not in it nevertheless.
   */
  constructor(kind: PatternKind<P>, all: readonly P[], but: readonly P[] = []) {
    this.#kind = kind;
    this.#but = but;
    // What is taken away as a whole is as good as never there.
    this.#all = all.filter((one) =>
      !but.some((other) => kind.covers(other, one))
    );
  }

  /** Whether surely nothing is in it. */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /**
   * Tells whether all of another set is surely in this one.
   *
   * @param other The other set.
   */
  covers(other: PatternSet<P>): boolean {
    const { covers, overlaps } = this.#kind;
    return other.#all.every((pattern) =>
      this.#all.some((one) => covers(one, pattern)) &&
      this.#but.every((hole) =>
        !overlaps(hole, pattern) ||
        other.#but.some((one) => covers(one, hole))
      )
    );
  }

  /**
   * Tells whether the two sets may have something in common.
   *
   * @param other The other set.
   */
  overlaps(other: PatternSet<P>): boolean {
    return this.#all.some((one) =>
      other.#all.some((pattern) =>
        this.#kind.overlaps(one, pattern) &&
        !this.#but.some((hole) => this.#kind.covers(hole, pattern)) &&
        !other.#but.some((hole) => this.#kind.covers(hole, one))
      )
    );
  }

  /**
   * Puts two sets together.
   *
   * @param other The other set.
   * @returns At least what is in one of them that has no holes.
   */
  with(other: PatternSet<P>): PatternSet<P> {
    const parts = [this, other].filter((set) => set.#but.length === 0);
    return new PatternSet(this.#kind, parts.flatMap((set) => set.#all));
  }
}
