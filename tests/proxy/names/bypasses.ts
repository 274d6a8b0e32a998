/**
 * Ways around a list of allowed names that are known: those that Smokescreen and
 * gh-aw-firewall document, and others. Every one tries to carry the word `evil`
 * to a target that only `api.test` and names below `pkg.test` may reach.
 *
 * @module
 */

import {
  hello,
  helloMessage,
  inRecords,
  serverNames,
} from "../../support/client_hello.ts";
import { type Bytes, join } from "../../support/dialogue.ts";

const encoder = new TextEncoder();

function bytes(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** Hosts that no rule allows, as a client may write them. */
export const HOSTS: readonly string[] = [
  // Other names, and names that only look alike.
  "evil.test",
  "EVIL.TEST",
  "evil.test.",
  "notapi.test",
  "api.test.evil.test",
  "api.test-evil.test",
  "api-test",
  "test",
  "pkg.test",
  "notpkg.test",
  "x.notpkg.test",
  "evil.test#.pkg.test",
  "evil.test/.pkg.test",
  "evil.test\\.pkg.test",
  "evil.test?.pkg.test",
  "evil.test@api.test",
  "api.test@evil.test",
  "evil.test%00.pkg.test",
  "evil.test\0.pkg.test",
  "evil.test .pkg.test",
  "evil.test:443.pkg.test",
  "%61pi.test",
  "api.test..",
  "*.pkg.test",
  "xn--pi-7kc.test",
  // Services that lead elsewhere.
  "dns.google",
  "cloudflare-dns.com",
  "metadata.google.internal",
  "localhost",
  "localhost.localdomain",
  // Addresses, whatever they are written like.
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "017700000001",
  "0",
  "0.0.0.0",
  "127.0.0.1.",
  "::1",
  "::",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "2001:0:0:0:0:0:80ff:fffe",
  "fe80::5efe:7f00:1",
  "169.254.169.254",
  "::ffff:169.254.169.254",
  "fd00:ec2::254",
  "10.0.0.1",
];

/** First bytes in a tunnel to `api.test` that are for somebody else. */
export const TUNNELS: readonly (readonly [what: string, first: Bytes])[] = [
  ["another server name", tls("evil.test")],
  ["another server name in upper case", tls("EVIL.TEST")],
  ["another server name with a dot", tls("evil.test.")],
  ["a server name below", tls("evil.api.test")],
  ["two server names", tls("api.test", "evil.test")],
  [
    "two lists of server names",
    hello({ extensions: [serverNames("api.test"), serverNames("evil.test")] }),
  ],
  ["no server name", join(hello(), bytes("evil"))],
  [
    "another server name in small records",
    inRecords(helloMessage({ extensions: [serverNames("evil.test")] }), 3),
  ],
  ["a server name with NUL", tls("api.test\0.evil.test")],
  [
    "an alert before the ClientHello",
    join([21, 3, 1, 0, 2, 1, 0], tls("evil.test")),
  ],
  ["SSL 2.0", join([0x80, 0x10, 1, 3, 1], bytes("evil"))],
  ["another Host", http("GET / HTTP/1.1", "Host: evil.test")],
  ["another Host with a port", http("GET / HTTP/1.1", "Host: evil.test:80")],
  ["an absolute URI", http("GET http://evil.test/ HTTP/1.1", "Host: api.test")],
  ["two Hosts", http("GET /evil HTTP/1.1", "Host: api.test", "Host: b.test")],
  ["no Host", http("GET /evil HTTP/1.0")],
  ["a folded Host", http("GET / HTTP/1.1", "Host: api.test", " .evil.test")],
  ["a space before the colon", http("GET /evil HTTP/1.1", "Host : evil.test")],
  ["a user in Host", http("GET /evil HTTP/1.1", "Host: api.test@evil.test")],
  [
    "a second request for another Host",
    join(
      http("GET / HTTP/1.1", "Host: api.test"),
      http("GET / HTTP/1.1", "Host: evil.test"),
    ),
  ],
  [
    "a request behind a body of two lengths",
    http(
      "POST / HTTP/1.1",
      "Host: api.test",
      "Content-Length: 4",
      "Content-Length: 40",
      "",
      "GET /evil HTTP/1.1",
      "Host: evil.test",
    ),
  ],
  [
    "a request behind a chunked body with a length",
    http(
      "POST / HTTP/1.1",
      "Host: api.test",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
      "",
      "0",
      "",
      "GET /evil HTTP/1.1",
      "Host: evil.test",
    ),
  ],
  [
    "a request behind a coding that is not known",
    http(
      "POST / HTTP/1.1",
      "Host: api.test",
      "Transfer-Encoding: xchunked",
      "",
      "GET /evil HTTP/1.1",
      "Host: evil.test",
    ),
  ],
  [
    "CONNECT in the tunnel",
    http("CONNECT evil.test:443 HTTP/1.1", "Host: api.test"),
  ],
  [
    "HTTP/2 with prior knowledge",
    bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nevil"),
  ],
  ["HTTP/0.9", bytes("GET /evil\r\n")],
  ["a method in lower case", http("get /evil HTTP/1.1", "Host: evil.test")],
  ["SSH", bytes("SSH-2.0-evil\r\n")],
  ["SMTP", bytes("EHLO evil\r\n")],
  ["Redis", bytes("*1\r\n$4\r\nevil\r\n")],
  [
    "DNS over TCP",
    join([0, 21, 1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4], bytes("evil")),
  ],
  ["SOCKS", join([5, 1, 0, 5, 1, 0, 3, 4], bytes("evil"), [0, 80])],
  ["bytes without a form", bytes("\x00\x01evil")],
];

/** What has to get through, or the table would prove nothing. */
export const GOOD: readonly (readonly [what: string, first: Bytes])[] = [
  ["the server name", tls("api.test")],
  ["the server name in upper case", tls("API.Test")],
  ["the Host", http("GET / HTTP/1.1", "Host: api.test")],
];

function tls(...names: string[]): Bytes {
  return hello({ extensions: [serverNames(...names)] });
}

function http(...lines: string[]): Bytes {
  return bytes(`${lines.join("\r\n")}\r\n\r\n`);
}
