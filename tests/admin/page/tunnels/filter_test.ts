import { assertEquals } from "@std/assert";
import {
  matchesFilter,
  parseFilter,
} from "../../../../lib/admin/page/tunnels/filter.ts";

const TUNNEL = {
  id: 17,
  kind: "proxy",
  listener: "127.0.0.1:1080",
  client: "10.0.0.9:40000",
  user: "Alice Smith",
  target: "Example.com:443",
  protocol: "socks5",
  state: "open",
  sent: 17,
};

Deno.test("matchesFilter() lets through what meets all of its words", () => {
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
    // In quotes it is what it looks like.
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
    // Of no field's, so parts of the word.
    ["constructor:x", false],
    ["http://", false],
    // Being typed.
    ["user:", true],
    ["-", false],
    ['user:"al', true],
    // Numbers are looked for by nothing but their id.
    ["17", false],
    ["listener:1080", true],
  ];
  for (const [filter, isMet] of cases) {
    assertEquals(matchesFilter(parseFilter(filter), TUNNEL), isMet, filter);
  }
});

Deno.test("parseFilter() stops at twenty words", () => {
  assertEquals(parseFilter("a ".repeat(1_000)).length, 20);
});
