/**
 * Hub frames in short form, for tables.
 *
 * @module
 */

import type { HubDecoder, HubFrame } from "../../lib/hub/wire/frame.ts";

/** Latin-1, which can express any byte. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The inverse of {@linkcode bytesOf}. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** For example `message: hi`. */
export function show(frame: HubFrame): string {
  switch (frame.kind) {
    case "message":
    case "reply":
      return `${frame.kind}: ${textOf(frame.bytes)}`;
    case "command":
    case "problem":
      return `${frame.kind}: ${frame.text}`;
    case "end":
      return `end: ${frame.error?.message ?? ""}`;
  }
}

/** The frames that a decoder returns for parts and their end. */
export function decodeAll(decoder: HubDecoder, parts: string[]): string[] {
  const frames = parts.flatMap((part) => [...decoder.push(bytesOf(part))]);
  return [...frames, ...decoder.end()].map(show);
}
