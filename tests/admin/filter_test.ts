import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  FIELD_NAMES,
  FilterError,
  formatKeyTerm,
  formatTerm,
  matchesFilter,
  MOST_KEY,
  MOST_TERMS,
  parseFilter,
} from "../../lib/admin/filter.ts";

const TUNNEL = {
  id: 17,
  kind: "proxy",
  listener: "127.0.0.1:1080",
  client: "10.0.0.9:40000",
  user: "Alice Smith",
  target: "Example.com:443",
  address: "[2001:db8::1]:443",
  protocol: "socks5",
  state: "open",
  sent: 17,
};

Deno.test("matchesFilter() matches only if all words match", () => {
  const cases: [filter: string, isMet: boolean][] = [
    ["", true],
    ["   ", true],
    ["EXAMPLE", true],
    ["example.com:443", true],
    ["example socks5 open", true],
    ["example socks4", false],
    ["user:alice", true],
    ["USER:ALICE", true],
    ["user:bob", false],
    ['user:"alice smith"', true],
    ['"alice smith"', true],
    ["user:alice smith", true],
    // In quotes, it is literal.
    ['"user:alice"', false],
    ["target:alice", false],
    ["proto:socks5 state:open", true],
    ["state:half-closed", false],
    ["-bob", true],
    ["-alice", false],
    ["-user:alice", false],
    ["-user:bob -state:closing", true],
    ["rule:office", false],
    ["-rule:office", true],
    ["id:17", true],
    ["id:1", false],
    // No field has this name, so it is part of the word.
    ["constructor:x", false],
    ["http://", false],
    ["localhost:8000", false],
    // Incomplete while typing.
    ["user:", true],
    ["user=", true],
    ["-", false],
    ['user:"al', true],
    // Only `id` searches numbers.
    ["17", false],
    ["listener:1080", true],
    // The whole value, with or without its port.
    ["user=alice", false],
    ['user="alice smith"', true],
    ["client=10.0.0.9", true],
    ["client=10.0.0.9:40000", true],
    ["client=10.0.0.9:4", false],
    ["client=0.0.9", false],
    ["address=2001:db8::1", true],
    ["target=example.com", true],
    ["target=example.com:443", true],
    ["-target=example.com", false],
    ['rule=""', true],
    ['user=""', false],
    ["a=b", false],
  ];
  for (const [filter, isMet] of cases) {
    assertEquals(matchesFilter(parseFilter(filter), TUNNEL), isMet, filter);
  }
});

Deno.test("parseFilter() suggests the right name of a misspelt field", () => {
  const cases = [
    ["users:bob", "user"],
    ["-usr:bob", "user"],
    ["uesr:bob", "user"],
    ["USRE=bob", "user"],
    ["clinet:1", "client"],
    ["adress:1", "address"],
    ["addr:1", "address"],
    ["protocoll:x", "protocol"],
    ["targat:", "target"],
    ["coed:x", "code"],
  ] as const;
  for (const [filter, meant] of cases) {
    const error = assertThrows(() => parseFilter(filter), FilterError);
    const { message } = error as Error;
    assertEquals(message.includes(`did you mean ${meant}?`), true, message);
  }
  const error = assertThrows(() => parseFilter("users:80"), FilterError);
  assertEquals(
    (error as Error).message,
    'No field is named users: did you mean user? To search for these characters, write "users:80"',
  );
  assertEquals(parseFilter('"users:80"').map(({ text }) => text), ["users:80"]);
});

Deno.test("parseFilter() accepts every field, and takes host names as words", () => {
  for (const name of FIELD_NAMES) {
    assertEquals(parseFilter(`${name}:x`)[0]!.field !== undefined, true, name);
  }
  const words = [
    ...["db:5432", "localhost:80", "web:8080", "example.com:443", "redis:1"],
    ...["http://x", "https://x", "a:b", "2001:db8::1", "[::1]:80", "server:1"],
  ];
  for (const word of words) {
    assertEquals(parseFilter(word), [{
      text: word,
      isExact: false,
      isNegative: false,
    }]);
  }
});

Deno.test("parseFilter() refuses more than twenty words", () => {
  assertEquals(parseFilter("a ".repeat(MOST_TERMS)).length, 20);
  assertThrows(
    () => parseFilter("a ".repeat(MOST_TERMS + 1)),
    FilterError,
    "A filter has at most 20 words",
  );
});

Deno.test("formatTerm() writes a term that matches the value and no other", () => {
  const values = ["alice", "Alice Smith", "-a", "a=b:c", "", "user:x", "é ü"];
  for (const value of values) {
    const terms = parseFilter(formatTerm("user", value));
    for (const user of values) {
      const item = user === "" ? {} : { user };
      assertEquals(
        matchesFilter(terms, item),
        user === value,
        `${value} ${user}`,
      );
    }
  }
  // Filters cannot express a quote, so the longest part is searched.
  assertEquals(formatTerm("user", 'al"ice'), 'user:"ice"');
});

Deno.test("formatKeyTerm() finds what a ranking has cut", () => {
  for (
    const user of [
      "alice",
      "n".repeat(MOST_KEY),
      "a b=".repeat(60),
      `"${"a=".repeat(60)}`,
    ]
  ) {
    const terms = parseFilter(formatKeyTerm("user", user.slice(0, MOST_KEY)));
    assert(matchesFilter(terms, { user }), user);
    assert(!matchesFilter(terms, { user: "bob" }), user);
  }
  assertEquals(formatKeyTerm("user", "alice"), "user=alice");
});
