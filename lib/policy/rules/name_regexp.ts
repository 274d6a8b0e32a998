/**
 * Regular expressions over names, matched in linear time: a name comes from a
 * client, and must not be able to make a backtracking matcher spin.
 *
 * @module
 */

import {
  ALPHABET,
  type Node,
  parseExpression,
  symbolOf,
} from "./name_regexp_syntax.ts";

/** States of one expression, after its repetitions are written out. */
const MOST_STATES = 1_000;

/** Sets of states that are remembered; then they are made anew. */
const MOST_STEPS = 256;

type Anchor = "start" | "end";

type State =
  | { type: "set"; symbols: ReadonlySet<number>; next: number }
  | { type: "split"; next: readonly number[] }
  | { type: Anchor; next: number }
  | { type: "match" };

/** All states that the text so far may be in. */
interface Step {
  readonly states: readonly number[];
  readonly isMatch: boolean;
  /** Whether it is a match where the text ends here. */
  readonly isMatchAtEnd: boolean;
  /** Whether no symbol leads to another state. */
  readonly isStuck: boolean;
  /** What follows by symbol, as far as it has come up. */
  readonly next: (Step | undefined)[];
}

/** A compiled expression. */
export class NameRegexp {
  /** What stands between the slashes. */
  readonly text: string;
  readonly #states: State[] = [{ type: "match" }];
  readonly #entry: number;
  readonly #steps = new Map<string, Step>();
  readonly #first: Step;

  /**
   * Compiles an expression. It knows `.`, `[…]`, `( )`, `|`, `* + ? {n,m}`,
   * `^`, `$`, `\d`, `\w`.
   *
   * @param text What stands between the slashes.
   * @throws {SyntaxError} If it is not in the language; it says where.
   */
  constructor(text: string) {
    this.text = text;
    this.#entry = this.#compile(parseExpression(text), 0);
    this.#first = this.#makeStep([this.#entry], ["start"]);
  }

  /**
   * Tells whether a name has a part that matches; `^` and `$` make it the
   * whole.
   *
   * @param name A name in lower case.
   * @returns Whether it matches, after one look at each character.
   */
  test(name: string): boolean {
    let step = this.#first;
    for (let n = 0; n < name.length && !step.isMatch; n++) {
      const symbol = symbolOf(name.charCodeAt(n));
      const next = step.next[symbol] ??= this.#follow(step, symbol);
      // It began with `^` and has not matched: nothing behind changes that.
      if (next === step && step.isStuck) break;
      step = next;
    }
    return step.isMatch || step.isMatchAtEnd;
  }

  /**
   * Tells whether any name can match: one of letters, digits, dots, hyphens and
   * underscores.
   */
  get canMatch(): boolean {
    const seen = new Set<string>();
    const open: [index: number, isBegun: boolean, isOver: boolean][] = [
      [this.#entry, false, false],
      [this.#entry, true, false],
    ];
    while (open.length > 0) {
      const [index, isBegun, isOver] = open.pop()!;
      const key = `${index} ${isBegun} ${isOver}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const state = this.#states[index]!;
      if (state.type === "match") return true;
      if (state.type === "split") {
        for (const next of state.next) open.push([next, isBegun, isOver]);
      } else if (state.type === "set") {
        const isOpen = !isOver && hasLetter(state.symbols);
        if (isOpen) open.push([state.next, true, false]);
      } else if (state.type === "end") {
        open.push([state.next, isBegun, true]);
      } else if (!isBegun) open.push([state.next, isBegun, isOver]);
    }
    return false;
  }

  /** Adds the states of a node before those that follow it. */
  #compile(node: Node, next: number): number {
    switch (node.type) {
      case "set":
        return this.#add({ ...node, next });
      case "start":
      case "end":
        return this.#add({ type: node.type, next });
      case "sequence":
        return node.nodes.reduceRight(
          (after, part) => this.#compile(part, after),
          next,
        );
      case "choice": {
        const entries = node.nodes.map((part) => this.#compile(part, next));
        return this.#add({ type: "split", next: entries });
      }
      case "repeat":
        return this.#compileRepeat(node, next);
    }
  }

  #compileRepeat(
    { node, least, most }: Extract<Node, { type: "repeat" }>,
    next: number,
  ): number {
    let entry = next;
    if (most === Infinity) {
      const loop: number[] = [next];
      entry = this.#add({ type: "split", next: loop });
      loop.push(this.#compile(node, entry));
    } else {
      for (let n = least; n < most; n++) {
        const once = this.#compile(node, entry);
        entry = this.#add({ type: "split", next: [once, next] });
      }
    }
    for (let n = 0; n < least; n++) entry = this.#compile(node, entry);
    return entry;
  }

  #add(state: State): number {
    if (this.#states.length === MOST_STATES) {
      throw new SyntaxError(
        "regular expression is too large with its repetitions written out",
      );
    }
    return this.#states.push(state) - 1;
  }

  #follow(step: Step, symbol: number): Step {
    // A match may begin anywhere, so the entry is always among the states.
    const next = [this.#entry];
    for (const index of step.states) {
      const state = this.#states[index]!;
      if (state.type === "set" && state.symbols.has(symbol)) {
        next.push(state.next);
      }
    }
    const key = this.#reach(next, []).join();
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    if (this.#steps.size === MOST_STEPS) this.#forget();
    const made = this.#makeStep(next, []);
    this.#steps.set(key, made);
    return made;
  }

  #forget(): void {
    for (const { next } of this.#steps.values()) next.fill(undefined);
    this.#first.next.fill(undefined);
    this.#steps.clear();
  }

  #makeStep(from: readonly number[], anchors: readonly Anchor[]): Step {
    const has = (list: number[], type: State["type"]) =>
      list.some((index) => this.#states[index]!.type === type);
    const states = this.#reach(from, anchors);
    return {
      states,
      isMatch: has(states, "match"),
      isMatchAtEnd: has(this.#reach(from, [...anchors, "end"]), "match"),
      isStuck: !has(states, "set"),
      next: new Array<Step | undefined>(ALPHABET.length + 1).fill(undefined),
    };
  }

  /** Adds what is reached without a symbol, also past the given anchors. */
  #reach(from: readonly number[], anchors: readonly Anchor[]): number[] {
    const reached = new Set<number>();
    const open = [...from];
    while (open.length > 0) {
      const index = open.pop()!;
      if (reached.has(index)) continue;
      reached.add(index);
      const state = this.#states[index]!;
      if (state.type === "split") open.push(...state.next);
      else if (state.type === "start" || state.type === "end") {
        if (anchors.includes(state.type)) open.push(state.next);
      }
    }
    return [...reached].sort((a, b) => a - b);
  }
}

/** Whether one of the symbols can be in a name. */
function hasLetter(symbols: ReadonlySet<number>): boolean {
  return [...symbols].some((symbol) => symbol < ALPHABET.length);
}
