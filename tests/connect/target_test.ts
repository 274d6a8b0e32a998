import { assertEquals, assertThrows } from "@std/assert";
import {
  formatConnectTarget,
  parseConnectTarget,
} from "../../lib/connect/target.ts";

Deno.test("parseConnectTarget() accepts every form, and formatConnectTarget() writes it", () => {
  const cases = [
    ["example.com:443", "example.com:443"],
    ["127.0.0.1:80", "127.0.0.1:80"],
    ["[::1]:80", "[::1]:80"],
    ["8080", "127.0.0.1:8080"],
    [":8080", "127.0.0.1:8080"],
    ["unix:/run/app.sock", "unix:/run/app.sock"],
    ["unix:relative path:1", "unix:relative path:1"],
  ] as const;
  for (const [text, formatted] of cases) {
    assertEquals(formatConnectTarget(parseConnectTarget([text])), formatted);
  }
});

Deno.test("parseConnectTarget() says what is wrong when the target is invalid", () => {
  const cases: [given: string[], message: string][] = [
    [[], "it is missing; give HOST:PORT"],
    [["localhost", "80"], "it is one word: write localhost:80"],
    [["a:1", "b:2"], "it is one word, not 2"],
    [["localhost"], "'localhost' is not HOST:PORT"],
    [["host1"], "'host1' is not HOST:PORT"],
    [[""], "'' is not HOST:PORT"],
    [["localhost:"], "'localhost:' is not HOST:PORT"],
    [["localhost:http"], "'localhost:http' is not HOST:PORT"],
    [["localhost:0"], "'localhost:0' has port 0"],
    [["localhost:65536"], "port '65536' is not a number from 0 to 65535"],
    [["::1"], "'::1' needs brackets and a port: [::1]:1080"],
    [["[::g]:1"], "'::g' in brackets is not an IPv6 address"],
    [["a b:1"], 'label "a b" is not allowed in a name'],
    [["unix:"], "'unix:' has no path"],
  ];
  for (const [given, message] of cases) {
    assertThrows(() => parseConnectTarget(given), SyntaxError, message);
  }
});
