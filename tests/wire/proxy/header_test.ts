import { assertEquals, assertThrows } from "@std/assert";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { parse } from "../../../lib/wire/parser.ts";
import {
  ofOneFamily,
  type ProxyEndpoints,
  type ProxyHeader,
} from "../../../lib/wire/proxy/endpoints.ts";
import { parseProxyHeader } from "../../../lib/wire/proxy/header.ts";
import { encodeProxyV1, V1_PREFIX } from "../../../lib/wire/proxy/v1.ts";
import { encodeProxyV2, V2_SIGNATURE } from "../../../lib/wire/proxy/v2.ts";

function endpoints(
  source: string,
  destination: string,
  ports: [number, number] = [56324, 443],
): ProxyEndpoints {
  return {
    source: { ip: parseIpAddress(source)!, port: ports[0] },
    destination: { ip: parseIpAddress(destination)!, port: ports[1] },
  };
}

const IPV4 = endpoints("192.0.2.1", "198.51.100.7");
const IPV6 = endpoints("2001:db8::1", "2001:db8::2");

function text(line: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(line);
}

function parseAll(bytes: Uint8Array): ProxyHeader | Uint8Array {
  return parse(parseProxyHeader(), bytes);
}

/** Version and command, family, and TLVs after addresses of zeros. */
function v2(
  command: number,
  family: number,
  rest: number[],
  length = rest.length,
): Uint8Array {
  const head = [...V2_SIGNATURE, command, family, length >> 8, length & 0xff];
  return new Uint8Array([...head, ...rest]);
}

const ZEROS = new Array<number>(12).fill(0);

Deno.test("parseProxyHeader() parses every encoded header", () => {
  const all = [
    IPV4,
    IPV6,
    endpoints("0.0.0.0", "255.255.255.255", [0, 65535]),
    endpoints("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", [65535, 0]),
    undefined,
  ];
  const uniqueId = new Uint8Array(128).fill(7);
  const options = [
    {},
    { authority: "xn--bcher-kva.example" },
    { uniqueId },
    { authority: "a", uniqueId: uniqueId.slice(0, 1) },
  ];
  for (const endpoints of all) {
    assertEquals(parseAll(encodeProxyV1(endpoints)), { endpoints });
    for (const option of options) {
      const header = parseAll(encodeProxyV2(endpoints, option));
      const expected = endpoints === undefined ? {} : option;
      assertEquals(header, { endpoints, ...expected });
    }
  }
});

Deno.test("encodeProxyV1() and encodeProxyV2() write the examples of the specification", () => {
  assertEquals(
    new TextDecoder().decode(encodeProxyV1(IPV4)),
    "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n",
  );
  assertEquals(
    new TextDecoder().decode(encodeProxyV1(IPV6)),
    "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n",
  );
  assertEquals(
    encodeProxyV2(IPV4).toHex(),
    "0d0a0d0a000d0a515549540a2111000cc0000201c6336407dc0401bb",
  );
});

Deno.test("ofOneFamily() maps IPv4 when the other end has IPv6", () => {
  const { source, destination } = ofOneFamily({
    source: IPV4.source,
    destination: IPV6.destination,
  });
  assertEquals(source.ip, parseIpAddress("::ffff:192.0.2.1")!);
  assertEquals(destination, IPV6.destination);
  assertEquals(ofOneFamily(IPV4), IPV4);
});

Deno.test("parseProxyHeader() takes exactly each message", () => {
  const messages = [
    encodeProxyV1(IPV4),
    encodeProxyV1(IPV6),
    encodeProxyV1(undefined),
    encodeProxyV2(IPV4, { authority: "example.com" }),
    encodeProxyV2(undefined),
  ];
  for (const message of messages) {
    for (let length = 0; length < message.length; length++) {
      assertThrows(() => parseAll(message.subarray(0, length)), RangeError);
    }
    let taken = 0;
    const parser = parseProxyHeader();
    let step = parser.next();
    while (!step.done) {
      const start = taken;
      taken += step.value;
      step = parser.next(message.subarray(start, taken));
    }
    assertEquals(taken, message.length);
  }
});

Deno.test("parseProxyHeader() returns the bytes when there is no header", () => {
  for (let first = 0; first < 256; first++) {
    if (first === V1_PREFIX[0] || first === V2_SIGNATURE[0]) continue;
    assertEquals(parseAll(new Uint8Array([first])), new Uint8Array([first]));
  }
  for (const magic of [V1_PREFIX, V2_SIGNATURE]) {
    for (let length = 1; length < magic.length; length++) {
      for (let byte = 0; byte < 256; byte++) {
        if (byte === magic[length]) continue;
        const bytes = new Uint8Array([...magic.subarray(0, length), byte]);
        assertEquals(parseAll(bytes), bytes);
      }
    }
  }
});

Deno.test("parseProxyHeader() accepts UNKNOWN with anything after it", () => {
  for (const rest of ["", " ", " 1 2 3", ` ${"x".repeat(90)}`]) {
    const header = parseAll(text(`PROXY UNKNOWN${rest}\r\n`));
    assertEquals(header, { endpoints: undefined });
  }
});

Deno.test("parseProxyHeader() refuses malformed lines", () => {
  const cases = [
    ["TCP4 1.2.3.4 5.6.7.8 1\r\n", "not have two addresses and two ports"],
    ["TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "not have two addresses and two ports"],
    ["TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "not have two addresses and two ports"],
    ["TCP4\r\n", "not have two addresses and two ports"],
    ["TCP5 1.2.3.4 5.6.7.8 1 2\r\n", "family is not one of"],
    ["tcp4 1.2.3.4 5.6.7.8 1 2\r\n", "family is not one of"],
    ["UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "family is not one of"],
    ["constructor 1.2.3.4 5.6.7.8 1 2\r\n", "family is not one of"],
    ["\r\n", "family is not one of"],
    ["TCP4 1.2.3 5.6.7.8 1 2\r\n", "'1.2.3' is not an address"],
    ["TCP4 01.2.3.4 5.6.7.8 1 2\r\n", "'01.2.3.4' is not an address"],
    ["TCP4 ::1 5.6.7.8 1 2\r\n", "'::1' is not an address"],
    ["TCP6 ::1 5.6.7.8 1 2\r\n", "'5.6.7.8' is not an address"],
    ["TCP6 [::1] ::2 1 2\r\n", "'[::1]' is not an address"],
    ["TCP4 1.2.3.4 5.6.7.8 65536 2\r\n", "'65536' is not a port"],
    ["TCP4 1.2.3.4 5.6.7.8 1 02\r\n", "'02' is not a port"],
    ["TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "'-1' is not a port"],
    ["TCP4 1.2.3.4 5.6.7.8 1 2\n", "byte 10 is not printable"],
    ["TCP4 1.2.3.4 5.6.7.8 1 2\rx", "CR without LF"],
    ["TCP4 1.2.3.4 5.6.7.8 1 2\r\r", "CR without LF"],
    ["TCP4\t1.2.3.4 5.6.7.8 1 2\r\n", "byte 9 is not printable"],
    ["UNKNOWN \u0000\r\n", "byte 0 is not printable"],
    [`UNKNOWN ${"x".repeat(100)}\r\n`, "more than 107 bytes"],
  ];
  for (const [line, why] of cases) {
    assertThrows(() => parseAll(text(`PROXY ${line}`)), SyntaxError, why);
  }
});

Deno.test("parseProxyHeader() accepts a line of 107 bytes but not of 108", () => {
  const line = (length: number) =>
    text(`PROXY UNKNOWN ${"x".repeat(length - 16)}\r\n`);
  assertEquals(parseAll(line(107)), { endpoints: undefined });
  assertThrows(() => parseAll(line(108)), SyntaxError, "more than 107 bytes");
});

Deno.test("parseProxyHeader() refuses every other version and command", () => {
  for (let command = 0; command < 256; command++) {
    const bytes = v2(command, 0x11, ZEROS);
    if (command === 0x20 || command === 0x21) parseAll(bytes);
    else {assertThrows(
        () => parseAll(bytes),
        SyntaxError,
        "version and command",
      );}
  }
});

Deno.test("parseProxyHeader() refuses every family without streams", () => {
  const known = new Map([[0x00, 0], [0x11, 12], [0x21, 36], [0x31, 216]]);
  for (let family = 0; family < 256; family++) {
    const length = known.get(family) ?? 216;
    const bytes = v2(0x21, family, new Array<number>(length).fill(0));
    if (known.has(family)) parseAll(bytes);
    else {assertThrows(
        () => parseAll(bytes),
        SyntaxError,
        "family and transport",
      );}
    // LOCAL: "the receiver must … discard the protocol block" (§2.2).
    assertEquals(parseAll(v2(0x20, family, [1])), { endpoints: undefined });
  }
});

Deno.test("parseProxyHeader() returns no addresses for Unix and unspecified", () => {
  for (const [family, length] of [[0x00, 0], [0x31, 216]] as const) {
    const bytes = v2(0x21, family, new Array<number>(length).fill(1));
    assertEquals(parseAll(bytes), { endpoints: undefined });
  }
});

Deno.test("parseProxyHeader() refuses inconsistent lengths", () => {
  const cases: [Uint8Array, string][] = [
    [v2(0x21, 0x11, ZEROS.slice(1)), "11 bytes are too few"],
    [v2(0x21, 0x21, ZEROS), "12 bytes are too few"],
    [v2(0x21, 0x11, [], 4097), "length 4097 is more than 4096"],
    [v2(0x21, 0x11, [], 65535), "length 65535 is more than 4096"],
    [v2(0x21, 0x11, [...ZEROS, 1]), "a field is cut short"],
    [v2(0x21, 0x11, [...ZEROS, 1, 0]), "a field is cut short"],
    [v2(0x21, 0x11, [...ZEROS, 1, 0, 1]), "a field is cut short"],
    [v2(0x21, 0x11, [...ZEROS, 1, 255, 255, 0]), "a field is cut short"],
    [v2(0x21, 0x11, [...ZEROS, 2, 0, 1, 255]), "authority is not UTF-8"],
    [v2(0x21, 0x11, [...ZEROS, 3, 0, 1, 0]), "checksum does not have 4 bytes"],
    [v2(0x21, 0x11, [...ZEROS, 3, 0, 4, 0, 0, 0, 0]), "checksum is wrong"],
    [
      v2(0x21, 0x11, [...ZEROS, 5, 0, 129, ...new Array<number>(129).fill(0)]),
      "unique id has more than 128 bytes",
    ],
  ];
  for (const [bytes, why] of cases) {
    assertThrows(() => parseAll(bytes), SyntaxError, why);
  }
});

Deno.test("parseProxyHeader() skips fields of every other type", () => {
  for (let type = 0; type < 256; type++) {
    if (type === 3) continue;
    const bytes = v2(0x21, 0x11, [...ZEROS, type, 0, 1, 0x61]);
    const header = parseAll(bytes) as ProxyHeader;
    assertEquals(header.authority, type === 2 ? "a" : undefined);
    assertEquals(header.uniqueId?.length, type === 5 ? 1 : undefined);
  }
});

Deno.test("parseProxyHeader() accepts a header with a correct checksum", () => {
  const { endpoints } = parseAll(
    withChecksum(encodeProxyV2(IPV4)),
  ) as ProxyHeader;
  assertEquals(endpoints, IPV4);
});

/** Appends a checksum computed by table, unlike the library's method. */
function withChecksum(header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array([...header, 3, 0, 4, 0, 0, 0, 0]);
  bytes[15] = bytes[15]! + 7;
  let sum = 0xffffffff;
  for (const byte of bytes) {
    let entry = (sum ^ byte) & 0xff;
    for (let bit = 0; bit < 8; bit++) {
      entry = entry & 1 ? entry >>> 1 ^ 0x82f63b78 : entry >>> 1;
    }
    sum = (sum >>> 8 ^ entry) >>> 0;
  }
  new DataView(bytes.buffer).setUint32(bytes.length - 4, ~sum >>> 0);
  return bytes;
}
