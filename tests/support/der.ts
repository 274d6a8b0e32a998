/**
 * Builds any DER, valid or invalid.
 *
 * @module
 */

import { type Bytes, join } from "./dialogue.ts";

/** An element with its contents. */
export function der(tag: number, ...contents: Iterable<number>[]): Bytes {
  const inner = join(...contents);
  const { length } = inner;
  const head = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : length < 0x10000
    ? [0x82, length >> 8, length & 0xff]
    : [0x83, length >> 16, length >> 8 & 0xff, length & 0xff];
  return join([tag], head, inner);
}

/** The bytes of an ASCII text. */
export function ascii(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** Names in constraints and alternative names. */
export const NAME = {
  dns: (text: string) => der(0x82, ascii(text)),
  email: (text: string) => der(0x81, ascii(text)),
  uri: (text: string) => der(0x86, ascii(text)),
  ip: (...bytes: number[]) => der(0x87, bytes),
  /** Each part has an attribute type (2.5.4.x), a tag and a text. */
  directory: (...parts: (readonly [number, number, string])[]) =>
    der(0xa4, directoryName(...parts)),
  registered: (...bytes: number[]) => der(0x88, bytes),
  other: (type: readonly number[], text: string) =>
    der(0xa0, der(0x06, type), der(0xa0, der(0x0c, ascii(text)))),
} as const;

/** A directory name with these parts. */
export function directoryName(
  ...parts: (readonly [type: number, tag: number, text: string])[]
): Bytes {
  return der(
    0x30,
    ...parts.map(([type, tag, text]) =>
      der(
        0x31,
        der(0x30, der(0x06, [0x55, 0x04, type]), der(tag, ascii(text))),
      )
    ),
  );
}

/** The value of a name constraints extension. */
export function nameConstraints(
  { excluded = [], permitted = [] }: {
    permitted?: readonly Uint8Array[];
    excluded?: readonly Uint8Array[];
  },
): Bytes {
  const list = (tag: number, names: readonly Uint8Array[]) =>
    names.length === 0 ? [] : [der(tag, ...names.map((one) => der(0x30, one)))];
  return der(0x30, ...list(0xa0, permitted), ...list(0xa1, excluded));
}
