/**
 * Times the parsers for the first bytes of clients.
 *
 * @module
 */

import { HeadScanner } from "../../../lib/wire/http1/head.ts";
import { parseRequestHead } from "../../../lib/wire/http1/request.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { parse } from "../../../lib/wire/parser.ts";
import { COMMAND } from "../../../lib/wire/socks/v5.ts";
import { parseGreeting } from "../../../lib/wire/socks/v5_greeting.ts";
import {
  encodeRequest,
  parseRequest,
} from "../../../lib/wire/socks/v5_request.ts";

const GREETING = Uint8Array.of(5, 2, 0, 2);

const REQUEST = encodeRequest({
  command: COMMAND.Connect,
  host: "www.example.com",
  port: 443,
});

const HEAD = new TextEncoder().encode([
  "GET http://www.example.com/a/path?with=a&query=string HTTP/1.1",
  "Host: www.example.com",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language: en-US,en;q=0.5",
  "Proxy-Connection: keep-alive",
  "",
  "",
].join("\r\n"));

Deno.bench("SOCKS5 greeting", { group: "socks" }, () => {
  parse(parseGreeting(), GREETING);
});

Deno.bench("SOCKS5 request with a name", { group: "socks" }, () => {
  parse(parseRequest(), REQUEST);
});

Deno.bench("HTTP head with six lines", { group: "http" }, () => {
  const scanner = new HeadScanner();
  scanner.push(HEAD);
  parseRequestHead(scanner.head!);
});

Deno.bench("IPv4 address", { group: "address" }, () => {
  parseIpAddress("192.0.2.235");
});

Deno.bench("IPv6 address", { group: "address" }, () => {
  parseIpAddress("2001:db8:85a3::8a2e:370:7334");
});
