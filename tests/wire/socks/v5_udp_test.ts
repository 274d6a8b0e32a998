import { assertEquals } from "@std/assert";
import type { Host } from "../../../lib/wire/host_name.ts";
import {
  encodeUdpHeader,
  parseUdpHeader,
} from "../../../lib/wire/socks/v5_udp.ts";

const IPV4 = new Uint8Array([192, 0, 2, 1]);
const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => 0xf0 + n);
const DNS = [0, 53];

function named(name: number[] | string): number[] {
  const bytes = typeof name === "string"
    ? [...new TextEncoder().encode(name)]
    : name;
  return [0, 0, 0, 3, bytes.length, ...bytes, ...DNS];
}

function parse(bytes: Iterable<number>): ReturnType<typeof parseUdpHeader> {
  return parseUdpHeader(Uint8Array.from(bytes));
}

const HEADERS: { bytes: number[]; host: Host }[] = [
  { bytes: [0, 0, 0, 1, ...IPV4, ...DNS], host: IPV4 },
  { bytes: [0, 0, 0, 4, ...IPV6, ...DNS], host: IPV6 },
  { bytes: named("a"), host: "a" },
  { bytes: named("example.com"), host: "example.com" },
  { bytes: named("192.0.2.1"), host: IPV4 },
];

Deno.test("parseUdpHeader() returns the host, the port and the length of the header", () => {
  for (const { bytes, host } of HEADERS) {
    for (const payload of [[], [1], new Array<number>(65_000).fill(7)]) {
      const header = parse([...bytes, ...payload]);
      assertEquals(header, { host, port: 53, length: bytes.length });
    }
  }
});

Deno.test("parseUdpHeader() drops a header that is truncated anywhere", () => {
  for (const { bytes } of HEADERS) {
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(parse(bytes.slice(0, length)), undefined);
    }
  }
});

Deno.test("parseUdpHeader() drops every FRAG and RSV but 0", () => {
  for (const offset of [0, 1, 2]) {
    for (let value = 0; value < 256; value++) {
      const bytes = [0, 0, 0, 1, ...IPV4, ...DNS];
      bytes[offset] = value;
      assertEquals(parse(bytes) !== undefined, value === 0);
    }
  }
});

Deno.test("parseUdpHeader() drops every other address type", () => {
  for (let type = 0; type < 256; type++) {
    // The rest would be complete for all known types.
    const bytes = [0, 0, 0, type, 1, 0x61, ...new Array<number>(40).fill(1)];
    assertEquals(parse(bytes) !== undefined, [1, 3, 4].includes(type));
  }
});

Deno.test("parseUdpHeader() drops port 0", () => {
  for (const { bytes } of HEADERS) {
    assertEquals(parse([...bytes.slice(0, -2), 0, 0]), undefined);
    assertEquals(parse([...bytes.slice(0, -2), 1, 0])?.port, 256);
  }
});

Deno.test("parseUdpHeader() drops a name with any invalid byte", () => {
  for (let byte = 0; byte < 256; byte++) {
    const isAllowed = /[\w.-]/.test(String.fromCharCode(byte)) && byte < 128;
    const header = parse(named([0x61, byte, 0x62]));
    assertEquals(header !== undefined, isAllowed, `byte ${byte}`);
  }
});

Deno.test("parseUdpHeader() accepts every valid length of a name", () => {
  for (let length = 0; length < 256; length++) {
    const name = "a.".repeat(128).slice(0, length);
    const bare = name.endsWith(".") ? name.slice(0, -1) : name;
    const isName = bare.length > 0 && bare.length <= 253;
    assertEquals(parse(named(name))?.host, isName ? name : undefined);
  }
});

Deno.test("parseUdpHeader() keeps an address when the buffer is reused", () => {
  const bytes = Uint8Array.of(0, 0, 0, 1, ...IPV4, ...DNS);
  const header = parseUdpHeader(bytes);
  bytes.fill(0);
  assertEquals(header?.host, IPV4);
});

Deno.test("parseUdpHeader() after encodeUdpHeader() is identity", () => {
  for (const host of [IPV4, IPV6, new Uint8Array(4), new Uint8Array(16)]) {
    for (const port of [1, 80, 255, 256, 65_535]) {
      const bytes = encodeUdpHeader(host, port);
      const header = parseUdpHeader(bytes);
      assertEquals(header, { host, port, length: bytes.length });
    }
  }
});

Deno.test("encodeUdpHeader() lays out every field", () => {
  assertEquals(
    [...encodeUdpHeader(IPV4, 8080)],
    [0, 0, 0, 1, ...IPV4, 0x1f, 0x90],
  );
  assertEquals(
    [...encodeUdpHeader(IPV6, 8080)],
    [0, 0, 0, 4, ...IPV6, 0x1f, 0x90],
  );
});
