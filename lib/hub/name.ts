/**
 * Which names clients of the hub, and rooms, may have.
 *
 * @module
 */

/** Characters of a name; rooms too. */
const MOST_CHARACTERS = 32;

/** Letters and digits of any script, and in between what separates them. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}])?$/u;

/** Letters and marks that nobody sees: with them two names look like one. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/** Names that the hub gives, or goes by, and what its page calls its reader. */
const RESERVED = /^(?:hub|you|guest-\d*)$/;

/** A name that may be had. */
export interface HubName {
  /** As it is shown. */
  readonly text: string;
  /** The same for all names that are taken for one. */
  readonly key: string;
}

/**
 * Judges a name that a client asks for.
 *
 * @param text As sent.
 * @throws {SyntaxError} If it may not be had, saying why in words for the
 *   client; they do not repeat it.
 */
export function parseHubName(text: string): HubName {
  const name = parseRoomName(text);
  if (!RESERVED.test(name.key)) return name;
  throw new SyntaxError("that name is given by the hub only");
}

/**
 * Judges the name of a room.
 *
 * @param text As sent.
 * @throws {SyntaxError} Likewise.
 */
export function parseRoomName(text: string): HubName {
  // Composed, and with compatibility forms such as full-width letters undone.
  const normal = text.normalize("NFKC");
  if ([...normal].length > MOST_CHARACTERS) {
    throw new SyntaxError(`a name has ${MOST_CHARACTERS} characters at most`);
  }
  if (!NAME.test(normal) || INVISIBLE.test(normal)) {
    throw new SyntaxError(
      "a name is letters and digits, with . - _ in between",
    );
  }
  return { text: normal, key: normal.toLowerCase() };
}
