/**
 * Writes log lines without making connections wait for them.
 *
 * @module
 */

/** Lines to keep while the receiver is slow. Further lines are counted only. */
const MOST_WAITING = 10_000;

/** A queue of lines in front of a file, a pipe or a terminal. */
export class LineWriter {
  readonly #write: (bytes: Uint8Array) => Promise<unknown>;
  readonly #describeLoss: (count: number) => string;
  #lines: string[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;

  /**
   * Creates a writer.
   *
   * @param write Writes all of the bytes; called once at a time.
   * @param describeLoss Formats the line that reports the number of lost lines.
   */
  constructor(
    write: (bytes: Uint8Array) => Promise<unknown>,
    describeLoss: (count: number) => string,
  ) {
    this.#write = write;
    this.#describeLoss = describeLoss;
  }

  /**
   * Queues a line. All lines of one turn of the event loop are written
   * together.
   *
   * @param line Line without its line end. The writer drops it while too many
   *   are waiting, and reports the loss in a line of its own once there is
   *   room.
   */
  push(line: string): void {
    if (this.#lines.length >= MOST_WAITING) {
      this.#lost++;
      return;
    }
    this.#lines.push(line);
    this.#writing ??= this.#drain();
  }

  /** Waits until all lines are written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // Collects the other lines of this turn.
    const encoder = new TextEncoder();
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      if (this.#lost > 0) lines.push(this.#describeLoss(this.#lost));
      this.#lost = 0;
      try {
        await this.#write(encoder.encode(lines.join("\n") + "\n"));
      } catch {
        // Nobody reads the log any more (a closed pipe). Serving continues.
      }
    }
    this.#writing = undefined;
  }
}
