/**
 * A sample value for each option, found by trying. Most new options already
 * have one.
 *
 * @module
 */

import type { Option } from "../../lib/cli/option.ts";

/** Values of options. The first that an option accepts is its sample. */
const SAMPLES = [
  "127.0.0.1:1234",
  "7",
  "7s",
  "7KB",
  "alice:secret",
  "socks5://127.0.0.1:1080",
  "office=socks5://127.0.0.1:1080",
  "www.example.com=127.0.0.1:1234",
  "127.0.0.1",
  "10.0.0.0/8",
  "https://example.com",
  "redis://127.0.0.1",
  "40000-40099",
  "allow",
  "socks5,http",
  "Europe/Berlin",
  "sample.txt",
] as const;

/**
 * Finds a value that an option accepts, preferably other than its default.
 *
 * @throws {Error} If none is found: add one to the list.
 */
export function sampleOf(name: string, option: Option<unknown>): string {
  const { choices = [], default: initial, parse, value } = option;
  const found = [...choices, ...SAMPLES].find((text) => {
    if (text === initial) return false;
    try {
      parse([text]);
      return true;
    } catch {
      return false;
    }
  });
  const sample = found ?? initial;
  if (sample === undefined) throw new Error(`No sample for ${name} ${value}`);
  return sample;
}
