import { assertEquals } from "@std/assert";
import { whyDead } from "../../../lib/policy/rules/dead_expression.ts";

const DEAD = [
  "^https?:\\/\\/ads",
  "a b",
  "^a$b",
  "a^b",
  "a:\\d+",
  "x\\/",
  "a@b\\.example",
  "%+",
];

for (const text of DEAD) {
  Deno.test(`whyDead() sees that no name matches /${text}/`, () => {
    assertEquals(typeof whyDead(text), "string");
  });
}

const ALIVE = [
  "",
  "^ads?\\d*\\.",
  "\\.example$",
  "^$",
  "^^a$$",
  "a:?b",
  "a:*b",
  "a:{0,2}b",
  "[:a]b",
  "[^a]b",
  "[]:a]b",
  "a|:",
  "(:)?a",
  "\\w+-\\d_",
  "A.Z",
  "a$?",
];

for (const text of ALIVE) {
  Deno.test(`whyDead() does not know that no name matches /${text}/`, () => {
    assertEquals(whyDead(text), undefined);
  });
}
