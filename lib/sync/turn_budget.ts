/**
 * Letting others have their turn.
 *
 * @module
 */

/**
 * So much work in one go, then one turn of the event loop for all else: what
 * is ready would otherwise be done before any socket is looked at again.
 */
export class TurnBudget {
  readonly #most: number;
  #left: number;
  #turn: Promise<void> | undefined;

  /**
   * Creates a budget of which nothing is spent.
   *
   * @param most How much may be spent in one go.
   */
  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /**
   * Spends some, and waits for the next turn where nothing is left then.
   *
   * @param cost How much.
   * @returns Nothing to wait for, in most cases.
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
