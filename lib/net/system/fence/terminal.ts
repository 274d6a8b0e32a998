/**
 * The terminal of this session and its foreground process group (tcsetpgrp(3)).
 *
 * @module
 */

import { cText, fenceCalls } from "./calls.ts";
import { ignoring, SIGNALS } from "./signals.ts";

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;
const TIOCGPGRP = 0x540fn;
const TIOCSPGRP = 0x5410n;

/** The terminal of this session. */
export class Terminal {
  readonly #descriptor: number;
  #isLent = false;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Opens it.
   *
   * @returns The terminal; `undefined` if this session has none.
   */
  static open(): Terminal | undefined {
    const flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    const descriptor = fenceCalls().open(cText("/dev/tty"), flags, 0);
    return descriptor < 0 ? undefined : new Terminal(descriptor);
  }

  /** Whether this process group is in the foreground. */
  get isOurs(): boolean {
    const { getpgrp, ioctl } = fenceCalls();
    const group = new Int32Array(1);
    const bytes = new Uint8Array(group.buffer);
    return ioctl(this.#descriptor, TIOCGPGRP, bytes) === 0 &&
      group[0] === getpgrp();
  }

  /** Puts this process group in the foreground. */
  take(): void {
    const { getpgrp, ioctl } = fenceCalls();
    const group = Int32Array.of(getpgrp());
    const bytes = new Uint8Array(group.buffer);
    // Otherwise the system stops a background group here.
    ignoring(
      [SIGNALS.SIGTTOU],
      () => ioctl(this.#descriptor, TIOCSPGRP, bytes),
    );
  }

  /**
   * Allows another group to take the terminal, if this group has it.
   *
   * @returns Whether this group has it.
   */
  lend(): boolean {
    this.#isLent = this.isOurs;
    return this.#isLent;
  }

  /** Takes it back after `lend()`, from any group. */
  takeBack(): void {
    if (this.#isLent) this.take();
    this.#isLent = false;
  }

  /** Closes the descriptor; the session keeps its terminal. */
  [Symbol.dispose](): void {
    fenceCalls().close(this.#descriptor);
  }
}
