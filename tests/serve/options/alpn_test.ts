import { assertEquals, assertThrows } from "@std/assert";
import { ALPN_OPTION } from "../../../lib/serve/options/alpn.ts";

Deno.test("ALPN_OPTION takes names in order, or the word upstream", () => {
  const cases: [string[], unknown][] = [
    [[], undefined],
    [["h2"], ["h2"]],
    [["h2,http/1.1"], ["h2", "http/1.1"]],
    [["h2", "postgresql,tds/8.0"], ["h2", "postgresql", "tds/8.0"]],
    [["upstream"], "upstream"],
  ];
  for (const [given, expected] of cases) {
    assertEquals(ALPN_OPTION.parse(given), expected);
  }
});

Deno.test("ALPN_OPTION refuses invalid names of protocols", () => {
  const cases: [string[], string][] = [
    [[""], "'' is not the name of a protocol, such as h2 or http/1.1"],
    [["h2,"], "'' is not the name"],
    [["h2, http/1.1"], "' http/1.1' is not the name"],
    [["h2,h2"], "'h2' is given twice"],
    [["h2", "h2"], "'h2' is given twice"],
    [["upstream,h2"], "'upstream' stands alone"],
    [["h2", "upstream"], "'upstream' stands alone"],
    [["é"], "'é' is not the name"],
    [["a".repeat(256)], "is not the name"],
    [["7"], "'7' is not the name"],
  ];
  for (const [given, why] of cases) {
    assertThrows(() => ALPN_OPTION.parse(given), SyntaxError, why);
  }
});
