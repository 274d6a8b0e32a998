import { assertEquals, assertThrows } from "@std/assert";
import type { Host } from "../../../lib/wire/host_name.ts";
import { parse } from "../../../lib/wire/parser.ts";
import { REPLY, Socks5Error } from "../../../lib/wire/socks/v5.ts";
import {
  encodeRequest,
  parseRequest,
  type Request,
} from "../../../lib/wire/socks/v5_request.ts";

const IPV4 = new Uint8Array([192, 0, 2, 1]);
const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => 0xf0 + n);
const HTTPS = [0x01, 0xbb];

/** A request for port 443 by a name of any bytes. */
function requestFor(name: string | number[]): Uint8Array {
  const bytes = typeof name === "string"
    ? [...new TextEncoder().encode(name)]
    : name;
  return new Uint8Array([5, 1, 0, 3, bytes.length, ...bytes, ...HTTPS]);
}

Deno.test("parseRequest() accepts every address type", () => {
  const cases: { bytes: number[]; host: Host; port: number }[] = [
    { bytes: [5, 1, 0, 1, ...IPV4, 0x1f, 0x90], host: IPV4, port: 8080 },
    { bytes: [5, 1, 0, 4, ...IPV6, 0, 0], host: IPV6, port: 0 },
    { bytes: [5, 1, 0, 3, 2, 0x68, 0x69, 0xff, 0xff], host: "hi", port: 65535 },
    { bytes: [5, 1, 0, 3, 1, 0x68, 0, 1], host: "h", port: 1 },
  ];
  for (const { bytes, host, port } of cases) {
    const request = parse(parseRequest(), new Uint8Array(bytes));
    assertEquals(request, { command: 1, host, port });
  }
});

Deno.test("parseRequest() after encodeRequest() is identity", () => {
  const hosts: Host[] = [
    IPV4,
    IPV6,
    new Uint8Array(4),
    new Uint8Array(16),
    "a",
    "example.com",
    "example.com.",
    "_service._tcp.Example.COM",
    `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`,
  ];
  for (const host of hosts) {
    for (const port of [0, 1, 80, 255, 256, 65535]) {
      const request: Request = { command: 1, host, port };
      assertEquals(parse(parseRequest(), encodeRequest(request)), request);
    }
  }
});

Deno.test("parseRequest() accepts every command", () => {
  for (let command = 0; command < 256; command++) {
    const bytes = encodeRequest({ command, host: IPV4, port: 443 });
    assertEquals(parse(parseRequest(), bytes).command, command);
  }
});

Deno.test("parseRequest() refuses every version but 5", () => {
  for (let version = 0; version < 256; version++) {
    if (version === 5) continue;
    const bytes = new Uint8Array([version, 1, 0, 1, ...IPV4, ...HTTPS]);
    const error = assertThrows(
      () => parse(parseRequest(), bytes),
      Socks5Error,
      `Cannot parse request: VER is ${version}`,
    );
    assertEquals(error.reply, REPLY.GeneralFailure);
  }
});

Deno.test("parseRequest() refuses every RSV but 0 after reading the whole message", () => {
  for (let reserved = 1; reserved < 256; reserved++) {
    const bytes = new Uint8Array([5, 1, reserved, 1, ...IPV4, ...HTTPS]);
    assertThrows(
      () => parse(parseRequest(), bytes.subarray(0, -1)),
      RangeError,
    );
    const error = assertThrows(
      () => parse(parseRequest(), bytes),
      Socks5Error,
      `Cannot parse request: RSV is ${reserved}`,
    );
    assertEquals(error.reply, REPLY.GeneralFailure);
  }
});

Deno.test("parseRequest() refuses every other address type with reply 8", () => {
  for (let type = 0; type < 256; type++) {
    if ([1, 3, 4].includes(type)) continue;
    // It can ask for only four bytes, because the length is unknown.
    const error = assertThrows(
      () => parse(parseRequest(), new Uint8Array([5, 1, 0, type])),
      Socks5Error,
      `Cannot parse request: ATYP is ${type}`,
    );
    assertEquals(error.reply, REPLY.AddressTypeNotSupported);
  }
});

Deno.test("parseRequest() asks for more when the message is truncated anywhere", () => {
  const hosts: Host[] = [IPV4, IPV6, "a", "example.com"];
  for (const host of hosts) {
    const bytes = encodeRequest({ command: 1, host, port: 443 });
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(
        () => parse(parseRequest(), bytes.subarray(0, length)),
        RangeError,
        "bytes missing",
      );
    }
  }
});

Deno.test("parseRequest() never asks for a byte too many", () => {
  const cases = [
    { bytes: [5, 1, 0, 1, ...IPV4, ...HTTPS], asks: [4, 6] },
    { bytes: [5, 1, 0, 4, ...IPV6, ...HTTPS], asks: [4, 18] },
    { bytes: [5, 1, 0, 3, 2, 0x68, 0x69, ...HTTPS], asks: [4, 1, 4] },
    { bytes: [5, 1, 0, 3, 0, ...HTTPS], asks: [4, 1, 2] },
  ];
  for (const { bytes, asks } of cases) {
    const asked: number[] = [];
    const parser = parseRequest();
    try {
      let step = parser.next();
      for (let offset = 0; !step.done; offset += asked.at(-1)!) {
        asked.push(step.value);
        const end = offset + step.value;
        step = parser.next(new Uint8Array(bytes.slice(offset, end)));
      }
    } catch {
      // The empty name is refused after all of it was read.
    }
    assertEquals(asked, asks);
  }
});

Deno.test("parseRequest() keeps an address when the buffer is reused", () => {
  const bytes = new Uint8Array([5, 1, 0, 1, ...IPV4, ...HTTPS]);
  const { host } = parse(parseRequest(), bytes);
  bytes.fill(0);
  assertEquals(host, IPV4);
});

Deno.test("parseRequest() accepts every length of a name", () => {
  for (let length = 0; length < 256; length++) {
    // From 254 characters the name cannot exist, but the parser accepts it.
    const name = "a.".repeat(128).slice(0, length);
    if (length > 0) {
      assertEquals(parse(parseRequest(), requestFor(name)).host, name);
      continue;
    }
    const error = assertThrows(
      () => parse(parseRequest(), requestFor(name)),
      Socks5Error,
      "Cannot parse request: name is empty",
    );
    assertEquals(error.reply, REPLY.GeneralFailure);
  }
});

Deno.test("parseRequest() treats an invalid name in UDP ASSOCIATE as 0.0.0.0:0", () => {
  for (const name of ["", "a b", "\0"]) {
    const bytes = requestFor(name);
    bytes[1] = 3;
    assertEquals(parse(parseRequest(), bytes), {
      command: 3,
      host: new Uint8Array(4),
      port: 0,
    });
  }
});

Deno.test("parseRequest() refuses a name with any invalid byte", () => {
  for (let byte = 0; byte < 256; byte++) {
    const isAllowed = /[\w.-]/.test(String.fromCharCode(byte)) && byte < 128;
    const bytes = requestFor([0x61, byte, 0x62]);
    if (isAllowed) {
      const want = `a${String.fromCharCode(byte)}b`;
      assertEquals(parse(parseRequest(), bytes).host, want);
      continue;
    }
    const error = assertThrows(
      () => parse(parseRequest(), bytes),
      Socks5Error,
      "Cannot parse request: label ",
    );
    assertEquals(error.reply, REPLY.GeneralFailure);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f]/.test(error.message), false);
  }
});

Deno.test("parseRequest() returns the bytes of an address sent as a name", () => {
  const cases: { name: string; host: Host }[] = [
    { name: "127.0.0.1", host: new Uint8Array([127, 0, 0, 1]) },
    { name: "::1", host: new Uint8Array([...new Array(15).fill(0), 1]) },
    { name: "127.1", host: "127.1" },
    { name: "0x7f.1", host: "0x7f.1" },
    { name: "2130706433", host: "2130706433" },
    { name: "017700000001", host: "017700000001" },
  ];
  for (const { name, host } of cases) {
    assertEquals(parse(parseRequest(), requestFor(name)).host, host);
  }
});

Deno.test("encodeRequest() lays out every field", () => {
  const cases: { host: Host; want: number[] }[] = [
    { host: IPV4, want: [5, 3, 0, 1, ...IPV4, 0x1f, 0x90] },
    { host: IPV6, want: [5, 3, 0, 4, ...IPV6, 0x1f, 0x90] },
    { host: "hi", want: [5, 3, 0, 3, 2, 0x68, 0x69, 0x1f, 0x90] },
  ];
  for (const { host, want } of cases) {
    assertEquals(
      encodeRequest({ command: 3, host, port: 8080 }),
      new Uint8Array(want),
    );
  }
});
