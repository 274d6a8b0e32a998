/**
 * Rules for the names of clients and rooms.
 *
 * @module
 */

/** Most characters of the name of a client or a room. */
const MOST_CHARACTERS = 32;

/** Letters and digits of any script, with separators in between. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}])?$/u;

/** Invisible letters and marks, which make two names look alike. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/**
 * Names that the hub assigns or uses itself, and the page's name for its
 * reader.
 */
const RESERVED = /^(?:hub|you|guest-\d*)$/;

/** An allowed name. */
export interface HubName {
  /** Text to show. */
  readonly text: string;
  /** Key of the name; equal for all spellings of one name. */
  readonly key: string;
}

/**
 * Parses a name that a client asks for.
 *
 * @param text The name as sent.
 * @throws {SyntaxError} If the name is not allowed. The message is for the
 *   client and does not repeat the name.
 */
export function parseHubName(text: string): HubName {
  const name = parseRoomName(text);
  if (!RESERVED.test(name.key)) return name;
  throw new SyntaxError("such names are reserved for the hub");
}

/**
 * Parses the name of a room.
 *
 * @param text The name as sent.
 * @throws {SyntaxError} If the name is not allowed. The message is for the
 *   client and does not repeat the name.
 */
export function parseRoomName(text: string): HubName {
  // Composes characters and replaces compatibility forms such as full-width
  // letters.
  const normal = text.normalize("NFKC");
  if ([...normal].length > MOST_CHARACTERS) {
    throw new SyntaxError(`a name has at most ${MOST_CHARACTERS} characters`);
  }
  if (!NAME.test(normal) || INVISIBLE.test(normal)) {
    throw new SyntaxError(
      "a name is letters and digits, with . - _ in between",
    );
  }
  return { text: normal, key: normal.toLowerCase() };
}
