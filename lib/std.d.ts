/**
 * Types of the few functions of the standard library that are in use.
 *
 * `deno.json` maps `@std/…` to an npm package that carries it as plain
 * JavaScript, so that one registry is enough. Mapped to JSR instead, the
 * library brings its own types, and this file can go.
 */

declare module "@std/bytes/concat" {
  export function concat(parts: Uint8Array[]): Uint8Array<ArrayBuffer>;
}

declare module "@std/data-structures/deque" {
  export class Deque<T> implements Iterable<T> {
    readonly length: number;
    pushBack(item: T): number;
    popFront(): T | undefined;
    [Symbol.iterator](): Iterator<T>;
  }
}

declare module "@std/http/status" {
  export const STATUS_TEXT: Readonly<Record<number, string>>;
}

declare module "@std/cli/parse-args" {
  /** What {@linkcode parseArgs} reads by. */
  export interface ParseOptions {
    string?: string[];
    boolean?: string[];
    collect?: string[];
    alias?: Record<string, string>;
    unknown?: (argument: string, key?: string, value?: unknown) => unknown;
  }
  export function parseArgs(
    args: string[],
    options?: ParseOptions,
  ): Record<string, unknown> & { _: (string | number)[] };
}

declare module "@std/cli/prompt-secret" {
  export function promptSecret(
    message?: string,
    options?: { mask?: string; clear?: boolean },
  ): string | null;
}

declare module "@std/text" {
  export function closestString(word: string, known: string[]): string;
  export function levenshteinDistance(a: string, b: string): number;
}

declare module "@std/streams" {
  export function toText(stream: ReadableStream): Promise<string>;
  export { TextLineStream } from "@std/streams/text-line-stream";
  export { toBytes } from "@std/streams/to-bytes";
}

declare module "@std/streams/delimiter-stream" {
  export class DelimiterStream
    extends TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    constructor(
      delimiter: Uint8Array,
      options?: { disposition?: "suffix" | "prefix" | "discard" },
    );
  }
}

declare module "@std/streams/limited-bytes-transform-stream" {
  export class LimitedBytesTransformStream
    extends TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    constructor(size: number, options?: { error?: boolean });
  }
}

declare module "@std/streams/text-line-stream" {
  export class TextLineStream extends TransformStream<string, string> {}
}

declare module "@std/streams/to-bytes" {
  export function toBytes(
    stream: ReadableStream<Uint8Array>,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any
  type Constructor<E> = abstract new (...args: any[]) => E;
  export function assert(value: unknown, message?: string): asserts value;
  export function assertEquals<T>(
    actual: T,
    expected: T,
    message?: string,
  ): void;
  export function assertNotEquals<T>(
    actual: T,
    expected: T,
    message?: string,
  ): void;
  export function assertGreater<T>(actual: T, low: T, message?: string): void;
  export function assertGreaterOrEqual<T>(
    actual: T,
    low: T,
    message?: string,
  ): void;
  export function assertLess<T>(actual: T, high: T, message?: string): void;
  export function assertLessOrEqual<T>(
    actual: T,
    high: T,
    message?: string,
  ): void;
  export function assertMatch(
    actual: string,
    expected: RegExp,
    message?: string,
  ): void;
  export function assertStringIncludes(
    actual: string,
    expected: string,
    message?: string,
  ): void;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    ErrorClass?: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass?: Constructor<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  export function fail(message?: string): never;
}

declare module "@std/yaml" {
  export function parseAll(content: string): unknown;
}
