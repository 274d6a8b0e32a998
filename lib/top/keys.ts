/**
 * Recognises keys in the bytes that a terminal sends in raw mode.
 *
 * @module
 */

/**
 * A key: the character that it types, or a name of several letters such as
 * `up`, `enter` or `ctrl-c`.
 */
export type KeyName = string;

/** Keys that have names, by the end of their sequence (ECMA-48, xterm). */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  "A": "up",
  "B": "down",
  "C": "right",
  "D": "left",
  "F": "end",
  "H": "home",
  "Z": "shift-tab",
  "1~": "home",
  "3~": "delete",
  "4~": "end",
  "5~": "pageup",
  "6~": "pagedown",
  "7~": "home",
  "8~": "end",
};

/** Keys that have names, by their character. */
const CONTROLS: Readonly<Record<string, KeyName>> = {
  "\t": "tab",
  "\n": "enter",
  "\r": "enter",
  "\b": "backspace",
  "\u007f": "backspace",
  "\u0001": "home",
  "\u0003": "ctrl-c",
  "\u0005": "end",
  "\u000c": "ctrl-l",
  "\u0015": "ctrl-u",
  "\u0017": "ctrl-w",
  "\u001a": "ctrl-z",
};

/** `ESC [ 1 ; 5 A` or `ESC O A`: parameters, modifiers, the end. */
const SEQUENCE =
  // deno-lint-ignore no-control-regex
  /^\u001b(?:O([A-Z])|\[(\d*)(?:;\d*)*([A-Za-z~]))/;

/** Input that may still become a sequence. */
// deno-lint-ignore no-control-regex
const BEGUN = /^\u001b(?:O|\[[\d;]*)?$/;

/** Most characters of a sequence; longer ones are not keys. */
const LONGEST = 32;

/** Recognises keys. */
export class KeyParser {
  readonly #decoder = new TextDecoder();
  #text = "";

  /** Whether a sequence has begun, or Escape was pressed. */
  get isOpen(): boolean {
    return this.#text !== "";
  }

  /**
   * Takes the next bytes.
   *
   * @returns The keys that are complete.
   */
  push(bytes: Uint8Array): KeyName[] {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    const keys: KeyName[] = [];
    while (this.#text !== "") {
      if (BEGUN.test(this.#text)) {
        if (this.#text.length > LONGEST) this.#text = "";
        break;
      }
      const key = this.#take();
      if (key !== undefined) keys.push(key);
    }
    return keys;
  }

  /**
   * Completes pending input, because nothing followed it for a while.
   *
   * @returns `escape`, if that key was pending.
   */
  flush(): KeyName[] {
    const isEscape = this.#text === "\u001b";
    this.#text = "";
    return isEscape ? ["escape"] : [];
  }

  /** Returns `undefined` for bytes that are not a key. */
  #take(): KeyName | undefined {
    const text = this.#text;
    const found = SEQUENCE.exec(text);
    if (found !== null) {
      this.#text = text.slice(found[0].length);
      const [, letter, number = "", end = ""] = found;
      return SEQUENCES[letter ?? (end === "~" ? `${number}~` : end)];
    }
    const character = String.fromCodePoint(text.codePointAt(0)!);
    this.#text = text.slice(character.length);
    if (character === "\u001b") {
      // A second Escape, or Alt with a key, which counts as Escape alone.
      return "escape";
    }
    const name = CONTROLS[character];
    if (name !== undefined) return name;
    return /\p{Cc}/u.test(character) ? undefined : character;
  }
}
