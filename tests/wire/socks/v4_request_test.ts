import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "../../../lib/wire/parser.ts";
import {
  encodeRequest,
  parseRequest,
  type Request,
} from "../../../lib/wire/socks/v4_request.ts";
import { seededRandom } from "../../support/random.ts";

const IPV4 = Uint8Array.of(192, 0, 2, 1);
const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => 0xf0 + n);
const REQUEST: Request = {
  command: 1,
  host: IPV4,
  port: 443,
  userId: "fred",
  isNamed: false,
};
const NAMED: Request = { ...REQUEST, host: "example.com", isNamed: true };

/** A request for port 443 with any user ID, and any name if given. */
function requestOf(
  userId: Iterable<number>,
  name?: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  const ip = name === undefined ? IPV4 : [0, 0, 0, 1];
  const tail = name === undefined ? [] : [...name, 0];
  return Uint8Array.of(4, 1, 1, 0xbb, ...ip, ...userId, 0, ...tail);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("parseRequest() of SOCKS4 parses every field", () => {
  const bytes = Uint8Array.of(4, 2, 0x1f, 0x90, ...IPV4, 0x68, 0x69, 0);
  assertEquals(parse(parseRequest(), bytes), {
    command: 2,
    host: IPV4,
    port: 8080,
    userId: "hi",
    isNamed: false,
  });
});

Deno.test("encodeRequest() of SOCKS4 lays out every field", () => {
  assertEquals(
    encodeRequest(REQUEST),
    Uint8Array.of(4, 1, 1, 0xbb, ...IPV4, ...ascii("fred"), 0),
  );
  assertEquals(
    encodeRequest(NAMED),
    Uint8Array.of(
      ...[4, 1, 1, 0xbb, 0, 0, 0, 1],
      ...ascii("fred\0example.com\0"),
    ),
  );
});

Deno.test("parseRequest() of SOCKS4 after encodeRequest() is identity", () => {
  const hosts: Pick<Request, "host" | "isNamed">[] = [
    { host: IPV4, isNamed: false },
    { host: new Uint8Array(4), isNamed: false },
    { host: Uint8Array.of(0, 0, 1, 0), isNamed: false },
    { host: Uint8Array.of(0, 0, 1, 1), isNamed: false },
    { host: Uint8Array.of(0, 1, 0, 1), isNamed: false },
    { host: Uint8Array.of(1, 0, 0, 1), isNamed: false },
    { host: IPV4, isNamed: true },
    { host: IPV6, isNamed: true },
    { host: "a", isNamed: true },
    { host: "_service._tcp.Example.COM.", isNamed: true },
  ];
  for (const host of hosts) {
    for (const port of [0, 1, 255, 256, 65535]) {
      for (const userId of ["", "fred", "Ünï", "\ufefffred", "a".repeat(255)]) {
        const request: Request = { command: 1, ...host, port, userId };
        assertEquals(parse(parseRequest(), encodeRequest(request)), request);
      }
    }
  }
});

Deno.test("parseRequest() of SOCKS4 accepts every command", () => {
  for (let command = 0; command < 256; command++) {
    const bytes = encodeRequest({ ...REQUEST, command });
    assertEquals(parse(parseRequest(), bytes).command, command);
  }
});

Deno.test("parseRequest() of SOCKS4 refuses every version but 4", () => {
  for (let version = 0; version < 256; version++) {
    if (version === 4) continue;
    const bytes = encodeRequest(REQUEST);
    bytes[0] = version;
    assertThrows(
      () => parse(parseRequest(), bytes),
      SyntaxError,
      `Cannot parse request: VN is ${version}`,
    );
  }
});

Deno.test("parseRequest() of SOCKS4 expects a name after every 0.0.0.x except 0.0.0.0", () => {
  for (let last = 0; last < 256; last++) {
    const bytes = encodeRequest(NAMED);
    bytes[7] = last;
    const { host, isNamed } = parse(parseRequest(), bytes);
    assertEquals(isNamed, last !== 0);
    assertEquals(host, isNamed ? "example.com" : new Uint8Array(4));
  }
});

Deno.test("parseRequest() of SOCKS4 asks for more when the message is truncated anywhere", () => {
  for (const request of [REQUEST, NAMED, { ...REQUEST, userId: "" }]) {
    const bytes = encodeRequest(request);
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(
        () => parse(parseRequest(), bytes.subarray(0, length)),
        RangeError,
        "bytes missing",
      );
    }
  }
});

Deno.test("parseRequest() of SOCKS4 never asks for a byte too many", () => {
  const cases = [REQUEST, NAMED, { ...REQUEST, userId: "" }].map(encodeRequest);
  cases.push(requestOf([0x61], [])); // Refused after all of it was read.
  for (const bytes of cases) {
    const asked: number[] = [];
    const parser = parseRequest();
    try {
      let step = parser.next();
      for (let offset = 0; !step.done; offset += asked.at(-1)!) {
        asked.push(step.value);
        step = parser.next(bytes.slice(offset, offset + step.value));
      }
    } catch {
      // The empty name is refused.
    }
    assertEquals(asked, [8, ...new Array<number>(bytes.length - 8).fill(1)]);
  }
});

Deno.test("parseRequest() of SOCKS4 accepts a USERID of at most 255 bytes", () => {
  for (const length of [0, 1, 254, 255]) {
    const bytes = requestOf(new Uint8Array(length).fill(0x61));
    assertEquals(parse(parseRequest(), bytes).userId, "a".repeat(length));
  }
  for (const length of [256, 257, 10_000]) {
    assertThrows(
      // Refused at the first byte too many, however many would follow.
      () =>
        parse(
          parseRequest(),
          requestOf(new Uint8Array(length).fill(0x61)).subarray(0, 8 + 256),
        ),
      SyntaxError,
      "Cannot parse request: USERID has more than 255 bytes",
    );
  }
});

Deno.test("parseRequest() of SOCKS4 accepts any bytes as USERID", () => {
  for (let byte = 1; byte < 256; byte++) {
    const { userId } = parse(parseRequest(), requestOf([byte]));
    const text = byte < 128 ? String.fromCharCode(byte) : "\ufffd";
    assertEquals(userId, text);
  }
});

Deno.test("parseRequest() of SOCKS4 accepts every length of a name", () => {
  for (let length = 0; length < 260; length++) {
    // From 254 characters the name cannot exist, but the parser accepts it.
    const name = "a.".repeat(130).slice(0, length);
    const bytes = requestOf([], ascii(name));
    if (length > 0 && length <= 255) {
      assertEquals(parse(parseRequest(), bytes).host, name);
      continue;
    }
    const state = length === 0
      ? "name is empty"
      : "name has more than 255 bytes";
    assertThrows(
      () => parse(parseRequest(), bytes),
      SyntaxError,
      `Cannot parse request: ${state}`,
    );
  }
});

Deno.test("parseRequest() of SOCKS4 refuses a name with any invalid byte", () => {
  for (let byte = 1; byte < 256; byte++) {
    const bytes = requestOf([], [0x61, byte, 0x62]);
    if (byte < 128 && /[\w.-]/.test(String.fromCharCode(byte))) {
      const want = `a${String.fromCharCode(byte)}b`;
      assertEquals(parse(parseRequest(), bytes).host, want);
      continue;
    }
    const error = assertThrows(
      () => parse(parseRequest(), bytes),
      SyntaxError,
      "Cannot parse request: label ",
    );
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f]/.test(error.message), false);
  }
});

Deno.test("parseRequest() of SOCKS4 keeps an address when the buffer is reused", () => {
  const bytes = encodeRequest(REQUEST);
  const { host } = parse(parseRequest(), bytes);
  bytes.fill(0);
  assertEquals(host, IPV4);
});

Deno.test("parseRequest() of SOCKS4 throws only its own errors for mutated requests", () => {
  const random = seededRandom(4);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let n = 0; n < 20_000; n++) {
    const bytes = encodeRequest(below(2) === 0 ? REQUEST : NAMED);
    for (let m = below(4); m >= 0; m--) bytes[below(bytes.length)] = below(256);
    try {
      const request = parse(parseRequest(), bytes);
      const again = parse(parseRequest(), encodeRequest(request));
      assertEquals(again.host, request.host);
    } catch (error) {
      const isForeseen = error instanceof SyntaxError ||
        error instanceof RangeError;
      if (!isForeseen) throw error;
    }
  }
});
