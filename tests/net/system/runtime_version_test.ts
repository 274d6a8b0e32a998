import { assertEquals } from "@std/assert";
import { isOlder } from "../../../lib/net/system/runtime_version.ts";

Deno.test("isOlder() compares numbers, and what follows them does not count", () => {
  const table: [version: string, least: string, isOlder: boolean][] = [
    ["2.9.6", "2.9.6", false],
    ["2.9.5", "2.9.6", true],
    ["2.9.10", "2.9.6", false],
    ["2.10.0", "2.9.6", false],
    ["1.46.3", "2.9.0", true],
    ["3.0.0", "2.9.6", false],
    ["2.9.6+14eea31", "2.9.6", false],
    ["2.9.0-rc.1", "2.9.0", false],
    ["2.9", "2.9.0", false],
  ];
  for (const [version, least, expected] of table) {
    assertEquals(isOlder(version, least), expected, `${version} and ${least}`);
  }
});
