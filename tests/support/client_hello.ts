/**
 * Builds any ClientHello.
 *
 * @module
 */

import { type Bytes, join } from "./dialogue.ts";

/** Contents of the ClientHello. */
export interface HelloSettings {
  /** Version in the message itself (default 1.2, as in TLS 1.3). */
  version?: number;
  /** Contents of extensions, by type. */
  extensions?: readonly (readonly [type: number, contents: Iterable<number>])[];
  /** The bytes after the compression methods (default: the extensions). */
  end?: Iterable<number>;
}

/** A ClientHello without its record. */
export function helloMessage(settings: HelloSettings = {}): Bytes {
  const { version = 0x0303, extensions = [] } = settings;
  const list = extensions.map(([type, contents]) =>
    join(number(type), vector(2, contents))
  );
  const body = join(
    number(version),
    new Uint8Array(32).fill(7),
    vector(1, new Uint8Array(32)),
    vector(2, [0x13, 0x01, 0xc0, 0x2b]),
    vector(1, [0]),
    settings.end ?? vector(2, join(...list)),
  );
  return join([1, 0], number(body.length), body);
}

/** A message in records of at most this many bytes. */
export function inRecords(message: Uint8Array, most = 2 ** 14): Bytes {
  const records: Bytes[] = [];
  for (let start = 0; start < message.length; start += most) {
    const fragment = message.subarray(start, start + most);
    records.push(join([22, 3, 1], vector(2, fragment)));
  }
  return join(...records);
}

/** A whole ClientHello. */
export function hello(settings?: HelloSettings): Bytes {
  return inRecords(helloMessage(settings));
}

/** The `server_name` extension with these names. */
export function serverNames(
  ...names: readonly string[]
): readonly [number, Bytes] {
  const list = names.map((name) =>
    join([0], vector(2, new TextEncoder().encode(name)))
  );
  return [0, vector(2, join(...list))];
}

/**
 * The `application_layer_protocol_negotiation` extension with these protocols.
 */
export function protocols(
  ...names: readonly string[]
): readonly [number, Bytes] {
  const list = names.map((name) => vector(1, new TextEncoder().encode(name)));
  return [16, vector(2, join(...list))];
}

/** The `supported_versions` extension with these versions. */
export function versions(
  ...numbers: readonly number[]
): readonly [number, Bytes] {
  return [43, vector(1, join(...numbers.map(number)))];
}

/** A number of two bytes. */
export function number(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** Bytes after their length. */
export function vector(length: 1 | 2, contents: Iterable<number>): Bytes {
  const bytes = [...contents];
  return length === 1
    ? join([bytes.length], bytes)
    : join(number(bytes.length), bytes);
}
