import { assertEquals } from "@std/assert";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { TOP_OPTIONS } from "../../lib/top/options.ts";
import { SORT_NAMES, SORTS } from "../../lib/top/sorts.ts";

Deno.test("TOP_OPTIONS default to the usual address of this machine", async () => {
  const options = await parseOptions([], TOP_OPTIONS);
  assertEquals(options.admin.name, "127.0.0.1:9090");
  assertEquals(
    [options.filter, options.sort, options.interval],
    [undefined, "rate", 2_000],
  );
});

Deno.test("SORTS has every name", () => {
  assertEquals(Object.keys(SORTS), [...SORT_NAMES]);
});
