import { assertEquals, assertThrows } from "@std/assert";
import { formatParent, parseParent } from "../../lib/wire/parent_url.ts";

Deno.test("parseParent() parses scheme, host and port", () => {
  const cases = [
    ["socks5://127.0.0.1:9050", "socks5", "127.0.0.1", 9050],
    ["socks5h://proxy.example", "socks5h", "proxy.example", 1080],
    ["socks4://proxy.example/", "socks4", "proxy.example", 1080],
    ["socks4a://proxy.example:1", "socks4a", "proxy.example", 1],
    ["HTTP://proxy.example", "http", "proxy.example", 80],
    ["https://proxy.example", "https", "proxy.example", 443],
    ["http://[::1]:3128", "http", "::1", 3128],
    ["http://[2001:db8::1]", "http", "2001:db8::1", 80],
  ] as const;
  for (const [text, scheme, host, port] of cases) {
    const parent = parseParent(text);
    assertEquals(parent, { scheme, host, port, credentials: undefined });
    assertEquals(parseParent(formatParent(parent)), parent);
  }
});

Deno.test("parseParent() decodes percent-encoded credentials", () => {
  const cases = [
    ["socks5://alice:secret@h", "alice", "secret"],
    ["socks5://alice@h", "alice", ""],
    ["socks5://alice:@h", "alice", ""],
    ["socks5://a%40b:c%3Ad%2f@h", "a@b", "c:d/"],
    ["socks5://a:b:c@h", "a", "b:c"],
    ["socks5://a:b@c@h", "a", "b@c"],
    ["http://%C3%BC:%E2%82%AC@h", "ü", "€"],
    ["socks4://alice@h", "alice", ""],
  ] as const;
  for (const [text, username, password] of cases) {
    assertEquals(parseParent(text).credentials, { username, password });
  }
});

Deno.test("parseParent() refuses an invalid URL without revealing the password", () => {
  const cases = [
    ["", "has no scheme"],
    ["proxy.example:1080", "has no scheme"],
    ["ftp://alice:hunter2@h", "scheme 'ftp' is not one of socks5, "],
    ["constructor://h", "scheme 'constructor' is not one of"],
    ["socks5://", "'' is not HOST:PORT"],
    ["socks5://:1080", "':…' is not HOST:PORT"],
    ["socks5://::1", "':…' is not HOST:PORT"],
    ["socks5://alice:hunter2@h:x", "'h:…' is not HOST:PORT"],
    ["socks5://alice:hunter2", "'alice:…' is not HOST:PORT"],
    ["http://alice:hunter2/", "'alice:…' is not HOST:PORT"],
    ["hunter2@h", "has no scheme"],
    ["socks5://h/path", "'h/path' is not HOST:PORT"],
    ["socks5://h:0", "port is not a number from 1"],
    ["socks5://h:65536", "port is not a number from 1"],
    ["socks5://[1:2]:80", "is not an IPv6 address"],
    ["socks5://a b:80", "is not allowed in a name"],
    ["socks5://:hunter2@h", "1 to 255 bytes"],
    [`socks5://${"a".repeat(256)}@h`, "1 to 255 bytes"],
    [`socks5://a:${"hunter2".repeat(40)}@h`, "at most 255"],
    ["socks5://a:hunter2%@h", "not percent-encoded"],
    ["socks4://a:hunter2@h", "no password"],
    ["socks4://a%00b@h", "can't have NUL"],
    ["http://a%3Ab:hunter2@h", "can't have a colon"],
  ] as const;
  for (const [text, why] of cases) {
    const error = assertThrows(() => parseParent(text), SyntaxError, why);
    assertEquals(error.message.includes("hunter2"), false, text);
  }
});
