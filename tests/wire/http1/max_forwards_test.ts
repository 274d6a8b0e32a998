import { assertEquals } from "@std/assert";
import { HttpError } from "../../../lib/wire/http1/http_error.ts";
import { Fields } from "../../../lib/wire/http1/fields.ts";
import { parseMaxForwards } from "../../../lib/wire/http1/max_forwards.ts";

const VALUES: [method: string, values: string[], expected?: number][] = [
  ["TRACE", []],
  ["TRACE", ["0"], 0],
  ["OPTIONS", ["0"], 0],
  ["OPTIONS", ["007"], 7],
  ["TRACE", ["9".repeat(400)], Number.MAX_SAFE_INTEGER],
  ["GET", ["0"]],
  ["GET", ["many"]],
  ["options", ["0"]],
  ["TRACE", [""], 400],
  ["TRACE", ["-1"], 400],
  ["TRACE", ["+1"], 400],
  ["TRACE", ["1.0"], 400],
  ["TRACE", ["0x1"], 400],
  ["OPTIONS", ["many"], 400],
  ["OPTIONS", ["1, 1"], 400],
  ["OPTIONS", ["1", "1"], 400],
];

for (const [method, values, expected] of VALUES) {
  Deno.test(`parseMaxForwards() returns ${expected} for ${method} ${JSON.stringify(values).slice(0, 40)}`, () => {
    const fields = new Fields(values.map((value) => ["Max-Forwards", value]));
    const head = { method, target: "", minor: 1, fields } as const;
    let found: number | undefined;
    try {
      found = parseMaxForwards(head);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      found = error.status;
    }
    assertEquals(found, expected);
  });
}
