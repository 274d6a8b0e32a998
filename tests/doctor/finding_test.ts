import { assertEquals } from "@std/assert";
import {
  type Finding,
  formatFindings,
  LEVELS,
  worstLevel,
} from "../../lib/doctor/finding.ts";

const finding = (level: Finding["level"]): Finding => ({
  level,
  check: level,
  message: "m",
});

Deno.test("worstLevel() returns the level of the worst finding", () => {
  assertEquals(worstLevel([]), "ok");
  for (const [index, level] of LEVELS.entries()) {
    const lesser = LEVELS.slice(0, index + 1).map(finding);
    assertEquals(worstLevel(lesser), level);
    assertEquals(worstLevel(lesser.toReversed()), level);
  }
});

Deno.test("formatFindings() aligns findings, and sums them up", () => {
  const text = formatFindings([
    { level: "ok", check: "a", message: "fine" },
    { level: "warning", check: "long", message: "well", remedy: "do this" },
    { level: "warning", check: "b", message: "well" },
    { level: "problem", check: "c", message: "bad" },
  ]);
  assertEquals(text.split("\n"), [
    "ok       a     fine",
    "warning  long  well",
    "               > do this",
    "warning  b     well",
    "problem  c     bad",
    "1 problem, 2 warnings",
  ]);
  assertEquals(
    formatFindings([finding("ok")]),
    "ok       ok  m\nNo problems",
  );
});
