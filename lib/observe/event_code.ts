/**
 * The codes of bans and new listeners: names that never change, like those of
 * connections and messages.
 *
 * @module
 */

/** What each ban or listener is about. */
export const EVENT_CODES = {
  "client-banned": "A client gave too many wrong passwords",
  "guesser-banned":
    "A client gave one wrong password for a user whose password many guess",
  "listening": "A listener accepts connections",
} as const;

/** What a ban or a listener is about, by a name that never changes. */
export type EventCode = keyof typeof EVENT_CODES;
