/**
 * Writes log lines without making connections wait for them.
 *
 * @module
 */

/** Lines that wait while the receiver is slow; those beyond are counted. */
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
   * @param write Writes all of the bytes; one call at a time.
   * @param describeLoss Makes the line that tells how many lines were lost.
   */
  constructor(
    write: (bytes: Uint8Array) => Promise<unknown>,
    describeLoss: (count: number) => string,
  ) {
    this.#write = write;
    this.#describeLoss = describeLoss;
  }

  /**
   * Queues a line. What is queued in one turn is written at once.
   *
   * @param line Line without its end. It is dropped when too many wait, which
   *   is said in a line of its own once there is room.
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
    await Promise.resolve(); // Lets the turn that pushed push some more.
    const encoder = new TextEncoder();
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      if (this.#lost > 0) lines.push(this.#describeLoss(this.#lost));
      this.#lost = 0;
      try {
        await this.#write(encoder.encode(lines.join("\n") + "\n"));
      } catch {
        // Nobody reads the log any more (a closed pipe): serving goes on.
      }
    }
    this.#writing = undefined;
  }
}
