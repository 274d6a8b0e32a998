/**
 * SIGHUP: the operator wants files read again, or the terminal is gone.
 *
 * @module
 */

/** Source of hangups. */
export interface Hangups extends Disposable {
  /**
   * Calls a function at each hangup from now on, and once for all earlier ones.
   *
   * @returns Function that stops this; later hangups then do nothing.
   */
  follow(act: () => void): () => void;
}

/** Windows does not send SIGHUP. */
const isKnown = Deno.build.os !== "windows";

/**
 * Starts to listen for hangups, so that one during the start does not end the
 * program. At a terminal it listens only from {@linkcode Hangups.follow} on: a
 * program without files to read ends with its terminal.
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
