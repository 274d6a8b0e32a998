/**
 * Divides long work so that the event loop gets turns in between.
 *
 * @module
 */

/**
 * Limits the work in one go. Then the event loop gets a turn, because pending
 * work would otherwise all be done before it looks at a socket again.
 */
export class TurnBudget {
  readonly #most: number;
  #left: number;
  #turn: Promise<void> | undefined;

  /**
   * Creates a full budget.
   *
   * @param most Largest cost to spend in one go.
   */
  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /**
   * Spends some of the budget, and waits for the next turn once it is used up.
   *
   * @param cost Cost in the unit of the budget.
   * @returns `undefined` if the caller need not wait, which is the usual case.
   */
  spend(cost: number): Promise<void> | undefined {
    this.#left -= cost;
    if (this.#left > 0) return undefined;
    this.#turn ??= this.#nextTurn();
    return this.#turn;
  }

  async #nextTurn(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#left = this.#most;
    this.#turn = undefined;
  }
}
