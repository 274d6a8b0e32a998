/**
 * SIGHUP: the operator wants files read again, or the terminal is gone.
 *
 * @module
 */

/** Hangups of the system. */
export interface Hangups extends Disposable {
  /**
   * Acts at each hangup from now on, and once for all that came before.
   *
   * @param act What to do.
   * @returns Ends that; later hangups do nothing.
   */
  follow(act: () => void): () => void;
}

/** Windows has no such signal. */
const isKnown = Deno.build.os !== "windows";

/**
 * Begins to listen for hangups, so that one that comes during the start does
 * not end the program. At a terminal that waits for {@linkcode Hangups.follow}:
 * a program without files to read ends with its terminal.
 *
 * @returns The hangups.
 */
export function listenForHangups(): Hangups {
  let act: (() => void) | undefined;
  let isMissed = false;
  let isListening = false;
  const handle = () => {
    if (act === undefined) isMissed = true;
    else act();
  };
  const listen = () => {
    if (isKnown && !isListening) Deno.addSignalListener("SIGHUP", handle);
    isListening = isKnown;
  };
  if (!Deno.stdin.isTerminal()) listen();
  return {
    follow(given) {
      listen();
      act = given;
      if (isMissed) given();
      return () => act = () => {};
    },
    [Symbol.dispose]() {
      if (isListening) Deno.removeSignalListener("SIGHUP", handle);
      isListening = false;
    },
  };
}
