/**
 * Sets described by patterns, such as all names below `example.com`. They are
 * compared without testing members.
 *
 * @module
 */

/** Comparisons of two patterns. */
export interface PatternKind<P> {
  /** Whether the first one covers everything that the second one matches. */
  covers: (one: P, other: P) => boolean;
  /** Whether both may match the same thing. */
  overlaps: (one: P, other: P) => boolean;
}

/** The matches of some patterns without those of others. It is immutable. */
export class PatternSet<P> {
  readonly #kind: PatternKind<P>;
  readonly #all: readonly P[];
  readonly #but: readonly P[];

  /**
   * Creates a set.
   *
   * @param kind Comparisons of its patterns.
   * @param all Patterns of its members.
   * @param but Patterns of exceptions.
   */
  constructor(kind: PatternKind<P>, all: readonly P[], but: readonly P[] = []) {
    this.#kind = kind;
    this.#but = but;
    // A pattern that an exception covers entirely has no effect.
    this.#all = all.filter((one) =>
      !but.some((other) => kind.covers(other, one))
    );
  }

  /**
   * Narrows the set.
   *
   * @param all Patterns of the members that stay (default: all).
   * @param but Patterns of exceptions (default none).
   * @returns The narrowed set.
   */
  narrow(all: readonly P[] = this.#all, but?: readonly P[]): PatternSet<P> {
    return new PatternSet(this.#kind, all, but);
  }

  /** Whether it is certainly empty. */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Tells whether another set is certainly inside this one. */
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

  /** Tells whether the two sets may overlap. */
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
   * Joins two sets.
   *
   * @returns A set inside the union; it may lack members next to exceptions.
   */
  with(other: PatternSet<P>): PatternSet<P> {
    const parts = [this, other].filter((set) => set.#but.length === 0);
    return new PatternSet(this.#kind, parts.flatMap((set) => set.#all));
  }
}
