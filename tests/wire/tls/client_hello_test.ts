import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type ClientHello,
  parseClientHello,
} from "../../../lib/wire/tls/client_hello.ts";
import { parse } from "../../../lib/wire/parser.ts";
import { ALERT, TlsAlertError } from "../../../lib/wire/tls/alert.ts";
import {
  hello,
  helloMessage,
  type HelloSettings,
  inRecords,
  protocols,
  serverNames,
  vector,
  versions,
} from "../../support/client_hello.ts";
import { join } from "../../support/dialogue.ts";
import vectors from "../../vectors/client_hello.json" with { type: "json" };

/**
 * Real ClientHellos. Names and protocols were given to the programs, or are
 * usual.
 */
const PROGRAMS = vectors.map(({ client, hex }) => ({
  client,
  bytes: Uint8Array.fromHex(hex),
}));

function read(bytes: Uint8Array): ClientHello {
  return parse(parseClientHello(), bytes);
}

for (const { client, bytes } of PROGRAMS) {
  Deno.test(`parseClientHello() parses the ClientHello of ${client}`, () => {
    const { serverName, protocols, version } = read(bytes);
    assertEquals(serverName, "proxy.example.com");
    assertEquals(protocols, ["h2", "http/1.1"]);
    assertEquals(version, 0x0304);
  });

  Deno.test(`parseClientHello() returns all bytes read from ${client}`, () => {
    const more = join(bytes, [23, 3, 3, 0, 1, 0]);
    assertEquals(read(more).bytes.toHex(), bytes.toHex());
  });

  Deno.test(`parseClientHello() asks for more after any prefix from ${client}`, () => {
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => read(bytes.subarray(0, length)), RangeError);
    }
  });

  Deno.test(`parseClientHello() throws only its own errors for any changed byte from ${client}`, () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff, bytes[at]! ^ 1]) {
        const changed = bytes.slice();
        changed[at] = value;
        try {
          const { serverName = "" } = read(changed);
          assert(/^[a-z\d._-]*$/.test(serverName), serverName);
        } catch (error) {
          // A length that has grown asks for more bytes.
          const isFair = error instanceof TlsAlertError ||
            error instanceof RangeError;
          assert(isFair, `byte ${at} as ${value}: ${error}`);
        }
      }
    }
  });
}

Deno.test("parseClientHello() parses a message that is split into records anywhere", () => {
  const settings = {
    extensions: [serverNames("a.test"), protocols("http/1.1")],
  };
  const message = helloMessage(settings);
  for (let most = 1; most <= message.length; most++) {
    const bytes = inRecords(message, most);
    const hello = read(bytes);
    assertEquals(hello.serverName, "a.test");
    assertEquals(hello.bytes.length, bytes.length);
  }
});

Deno.test("parseClientHello() keeps its values when the buffer is reused", () => {
  const bytes = hello({ extensions: [serverNames("a.test")] });
  const parser = parseClientHello();
  const buffer = new Uint8Array(bytes.length);
  let offset = 0;
  let step = parser.next();
  while (!step.done) {
    const view = buffer.subarray(0, step.value);
    view.set(bytes.subarray(offset, offset += step.value));
    step = parser.next(view);
    buffer.fill(0xff);
  }
  assertEquals(step.value.bytes.toHex(), bytes.toHex());
});

/** Messages, and the parsed values. */
const GOOD: readonly {
  what: string;
  settings: HelloSettings;
  expected: Partial<ClientHello>;
}[] = [
  {
    what: "no extensions at all",
    settings: { end: [] },
    expected: { serverName: undefined, protocols: [], version: 0x0303 },
  },
  {
    what: "an empty list of extensions",
    settings: {},
    expected: { serverName: undefined, protocols: [], version: 0x0303 },
  },
  {
    what: "a name in capitals and with a dot",
    settings: { extensions: [serverNames("WWW.Example.COM.")] },
    expected: { serverName: "www.example.com" },
  },
  {
    what: "an address instead of a name",
    settings: { extensions: [serverNames("127.0.0.1")] },
    expected: { serverName: undefined },
  },
  {
    what: "a name of another type, which it skips",
    settings: { extensions: [[0, vector(2, join([9], vector(2, [1, 2])))]] },
    expected: { serverName: undefined },
  },
  {
    what: "GREASE among extensions, versions and protocols",
    settings: {
      extensions: [
        [0x0a0a, []],
        versions(0x3a3a, 0x0304, 0x0303),
        [16, vector(2, join(vector(1, [0xea, 0xea]), vector(1, [104, 50])))],
        [0xfafa, [0]],
      ],
    },
    expected: { version: 0x0304, protocols: ["\xea\xea", "h2"] },
  },
  {
    what: "TLS 1.1",
    settings: { version: 0x0302 },
    expected: { version: 0x0302 },
  },
  {
    what: "TLS 1.1 in the list, whatever the message's own version",
    settings: { extensions: [versions(0x0302, 0x0301)] },
    expected: { version: 0x0302 },
  },
  {
    what: "only unknown versions",
    settings: { extensions: [versions(0x7f1c)] },
    expected: { version: 0 },
  },
];

for (const { what, settings, expected } of GOOD) {
  Deno.test(`parseClientHello() parses ${what}`, () => {
    const actual = read(hello(settings));
    for (const [key, value] of Object.entries(expected)) {
      assertEquals(actual[key as keyof ClientHello], value, key);
    }
  });
}

/** Messages, and the alert in answer. */
const BAD: readonly { what: string; bytes: Uint8Array; alert: number }[] = [
  {
    what: "two names",
    bytes: hello({ extensions: [serverNames("a.test", "b.test")] }),
    alert: ALERT.IllegalParameter,
  },
  {
    what: "a duplicate extension",
    bytes: hello({ extensions: [serverNames("a"), serverNames("a")] }),
    alert: ALERT.IllegalParameter,
  },
  ...["", "a b", "a\0b", "ü.test", "a..b", '"', "-a", "a".repeat(64)].map(
    (name) => ({
      what: `the name ${JSON.stringify(name)}`,
      bytes: hello({ extensions: [serverNames(name)] }),
      alert: name === "" ? ALERT.DecodeError : ALERT.IllegalParameter,
    }),
  ),
  {
    what: "an empty list of names",
    bytes: hello({ extensions: [[0, [0, 0]]] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "an empty protocol",
    bytes: hello({ extensions: [[16, [0, 1, 0]]] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "a list of protocols that is longer than its extension",
    bytes: hello({ extensions: [[16, [0, 9, 1, 65]]] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "bytes after a list of protocols",
    bytes: hello({ extensions: [[16, [0, 2, 1, 65, 0]]] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "a truncated version",
    bytes: hello({ extensions: [[43, [3, 3, 4, 3]]] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "an extension that is longer than the rest",
    bytes: hello({ end: [0, 4, 0, 0, 0xff, 0xff] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "extensions that are longer than the message",
    bytes: hello({ end: [0xff, 0xff] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "bytes after the extensions",
    bytes: hello({ end: [0, 0, 1] }),
    alert: ALERT.DecodeError,
  },
  {
    what: "a message of 16 MiB",
    bytes: inRecords(Uint8Array.of(1, 0xff, 0xff, 0xff)),
    alert: ALERT.DecodeError,
  },
  {
    what: "a message of 16 KiB and one byte",
    bytes: inRecords(Uint8Array.of(1, 0, 0x40, 1)),
    alert: ALERT.DecodeError,
  },
  {
    what: "an empty message",
    bytes: inRecords(Uint8Array.of(1, 0, 0, 0)),
    alert: ALERT.DecodeError,
  },
  {
    what: "another message",
    bytes: inRecords(Uint8Array.of(2, 0, 0, 0)),
    alert: ALERT.UnexpectedMessage,
  },
  {
    what: "another message after it",
    bytes: inRecords(join(helloMessage(), [1, 0, 0, 0])),
    alert: ALERT.UnexpectedMessage,
  },
  {
    what: "an empty record",
    bytes: Uint8Array.of(22, 3, 1, 0, 0),
    alert: ALERT.RecordOverflow,
  },
  {
    what: "a record of one byte too many",
    bytes: Uint8Array.of(22, 3, 1, 0x40, 1),
    alert: ALERT.RecordOverflow,
  },
  {
    what: "another version of records",
    bytes: Uint8Array.of(22, 2, 0, 0, 1),
    alert: ALERT.UnexpectedMessage,
  },
];

for (const { what, bytes, alert } of BAD) {
  Deno.test(`parseClientHello() refuses ${what}`, () => {
    const error = assertThrows(() => read(bytes), TlsAlertError);
    assertEquals(error.alert, alert, error.message);
    assert(error.message.startsWith("Cannot parse ClientHello: "));
  });
}

Deno.test("parseClientHello() refuses records of every other type", () => {
  for (let type = 0; type < 256; type++) {
    if (type === 22) continue;
    const bytes = Uint8Array.of(type, 3, 1, 0, 4, 1, 0, 0, 0);
    const { alert } = assertThrows(() => read(bytes), TlsAlertError);
    assertEquals(alert, ALERT.UnexpectedMessage);
  }
});
