import { assertEquals } from "@std/assert";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { TOP_OPTIONS } from "../../lib/top/options.ts";

Deno.test("TOP_OPTIONS default to the usual address of this machine", async () => {
  const options = await parseOptions([], TOP_OPTIONS);
  assertEquals(options.admin.name, "127.0.0.1:9090");
  assertEquals(
    [options.filter, options.sort, options.interval],
    [undefined, "rate", 2_000],
  );
});
