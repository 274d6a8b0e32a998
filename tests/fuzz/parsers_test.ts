import { assert } from "@std/assert";
import { parseClientHello } from "../../lib/wire/tls/client_hello.ts";
import { parseDnsResponse } from "../../lib/wire/dns_message.ts";
import {
  loadNameRegexps,
  NameRegexp,
} from "../../lib/policy/rules/name_regexp.ts";
import { parseHost } from "../../lib/wire/host_name.ts";
import { parseHostPort } from "../../lib/wire/host_port.ts";
import { formatIpAddress, parseIpAddress } from "../../lib/wire/ip_address.ts";
import { parse, type Parser } from "../../lib/wire/parser.ts";
import * as socks4 from "../../lib/wire/socks/v4_request.ts";
import { Socks5Error } from "../../lib/wire/socks/v5.ts";
import { TlsAlertError } from "../../lib/wire/tls/alert.ts";
import * as credentials from "../../lib/wire/socks/v5_credentials.ts";
import * as greeting from "../../lib/wire/socks/v5_greeting.ts";
import * as socks5 from "../../lib/wire/socks/v5_request.ts";
import {
  encodeUdpHeader,
  parseUdpHeader,
} from "../../lib/wire/socks/v5_udp.ts";
import {
  address,
  alias,
  authority,
  encodeAnswer,
} from "../support/name_server.ts";
import {
  fuzzMilliseconds,
  fuzzRandom,
  mutate,
  noise,
  pick,
} from "../support/fuzz.ts";
import vectors from "../vectors/client_hello.json" with { type: "json" };

await loadNameRegexps();

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

interface Case {
  name: string;
  seeds: Uint8Array[];
  run: (input: Uint8Array<ArrayBuffer>) => unknown;
}

function generator(
  name: string,
  seeds: Uint8Array[],
  make: () => Parser<unknown>,
): Case {
  return { name, seeds, run: (input) => parse(make(), input) };
}

const HOST = { host: "example.com", port: 443 };
const IP = { host: parseIpAddress("2001:db8::1")!, port: 80 };

const CASES: Case[] = [
  generator(
    "greeting",
    [greeting.encodeGreeting([0, 2])],
    greeting.parseGreeting,
  ),
  generator("credentials", [
    credentials.encodeCredentials({ username: "alice", password: bytes("x") }),
  ], credentials.parseCredentials),
  generator("SOCKS5 request", [
    socks5.encodeRequest({ command: 1, ...HOST }),
    socks5.encodeRequest({ command: 3, ...IP }),
  ], socks5.parseRequest),
  generator("SOCKS4 request", [
    new Uint8Array([4, 1, 0, 80, 127, 0, 0, 1, 0x61, 0]),
    new Uint8Array([4, 1, 0, 80, 0, 0, 0, 1, 0, ...bytes("example.com"), 0]),
  ], socks4.parseRequest),
  generator(
    "ClientHello",
    vectors.map(({ hex }) => Uint8Array.fromHex(hex)),
    parseClientHello,
  ),
  {
    name: "UDP header",
    seeds: [
      encodeUdpHeader(IP.host, 80),
      new Uint8Array([0, 0, 0, 3, 1, 97, 0, 80, 1]),
    ],
    run: parseUdpHeader,
  },
  {
    name: "DNS answer",
    seeds: [
      encodeAnswer({ name: "a.test", type: 1 }, 1, {
        answers: [alias("a.test", "b.test"), address("b.test", "192.0.2.1")],
      }),
      encodeAnswer({ name: "a.test", type: 28 }, 1, {
        authorities: [authority(60, 60)],
      }),
    ],
    run: parseDnsResponse,
  },
  {
    name: "regular expressions",
    seeds: [
      "^(a+)+$",
      "(^|\\.)ads?\\d{1,3}\\.",
      "[^a-c.]+(?:x|)*?\\b\\pL",
      "(.*)(.*){2,}x",
    ].map(bytes),
    run(input) {
      const regexp = new NameRegexp(text(input));
      const started = performance.now();
      for (const name of ["", "ads1.test", `${"a".repeat(252)}!`]) {
        regexp.test(name);
      }
      assert(performance.now() - started < 5_000, text(input));
    },
  },
  {
    name: "host",
    seeds: [bytes("a.example")],
    run: (input) => parseHost(text(input)),
  },
  {
    name: "host and port",
    seeds: [bytes("[::1]:80"), bytes("a:1")],
    run: (input) => parseHostPort(text(input), "x"),
  },
  {
    name: "IP address",
    seeds: [bytes("::ffff:1.2.3.4"), bytes("1.2.3.4"), bytes("1:2::3")],
    run(input) {
      const ip = parseIpAddress(text(input));
      if (ip === undefined) return;
      // What was taken for an address is one, however it was written.
      assert(parseIpAddress(formatIpAddress(ip))!.join() === ip.join());
    },
  },
];

/** What a parser may throw: all else is a mistake in it. */
const EXPECTED = [Socks5Error, TlsAlertError, SyntaxError, RangeError];

/** Inputs that each parser is given, however long they take. */
const LEAST = 250;

for (const { name, seeds, run } of CASES) {
  Deno.test(`the parser of ${name} takes or refuses any bytes, and never more`, () => {
    const random = fuzzRandom(name.length * 7919);
    const end = performance.now() + fuzzMilliseconds() / 10;
    let count = 0;
    // A busy machine gives no excuse for fewer.
    while (count < LEAST || performance.now() < end) {
      const input = random() < 0.3
        ? noise(random)
        : mutate(pick(seeds, random), random);
      count++;
      try {
        run(input);
      } catch (error) {
        const isExpected = EXPECTED.some((kind) => error instanceof kind);
        assert(isExpected, `${error} for ${input.join()}`);
      }
    }
  });
}
