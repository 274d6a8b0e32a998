import { assertEquals, assertThrows } from "@std/assert";
import {
  choice,
  collected,
  count,
  duration,
  flag,
  operand,
  option,
  path,
  size,
} from "../../lib/cli/declare_options.ts";
import { helpOf, isSecret, valuesOf } from "../../lib/cli/option.ts";
import { parseBytes } from "../../lib/cli/size.ts";

const HELP = "what it does";

Deno.test("option() parses the given text, or its default", () => {
  const parsed: string[] = [];
  const parse = (text: string) => {
    parsed.push(text);
    return Number(text);
  };
  const seven = { value: "N", default: "7", help: HELP };
  assertEquals(option("text", seven, parse).parse(["12"]), 12);
  assertEquals(option("text", seven, parse).parse([]), 7);
  assertEquals(
    option("text", { value: "N", help: HELP }, parse).parse([]),
    undefined,
  );
  assertEquals(parsed, ["12", "7"]);
});

Deno.test("option() returns a list when it is repeatable", () => {
  const many = { value: "N", many: true, help: HELP } as const;
  const numbers = option("text", many, Number);
  assertEquals(numbers.parse([]), []);
  assertEquals(numbers.parse(["1", "2"]), [1, 2]);
  assertEquals(numbers.many, true);
});

Deno.test("option() refuses a second text when it is not repeatable", () => {
  const one = option("text", { value: "N", default: "7", help: HELP }, Number);
  for (const given of [["1", "2"], ["1", "1"], ["1", "2", "3"]]) {
    const error = assertThrows(() => one.parse(given), SyntaxError);
    const all = given.map((text) => `'${text}'`).join(", ");
    assertEquals(error.message, `given more than once: ${all}; give it once`);
  }
});

Deno.test("option() throws the parser's error", () => {
  const bad = option("text", { value: "N", help: HELP }, (text) => {
    throw new SyntaxError(`'${text}' is bad`);
  });
  assertThrows(() => bad.parse(["x"]), SyntaxError, "'x' is bad");
});

Deno.test("collected() and operand() parse all texts to one value", () => {
  const declaration = { value: "N…", help: HELP };
  const join = (given: readonly string[]) => given.join("+");
  assertEquals(collected("text", declaration, join).parse(["a", "b"]), "a+b");
  assertEquals(collected("text", declaration, join).many, true);
  assertEquals(operand("text", declaration, join).parse(["a"]), "a");
  assertEquals(operand("text", declaration, join).isOperand, true);
});

Deno.test("flag() returns whether it was given", () => {
  const more = flag("print more");
  assertEquals(more.parse([]), false);
  assertEquals(more.parse([""]), true);
  assertEquals(more.parse(["", ""]), true);
  assertEquals(more.help, "print more");
  assertEquals(more.value, undefined);
  assertEquals(more.kind, "flag");
  assertEquals(flag("help", { short: "h" }).short, "h");
});

Deno.test("count() accepts whole numbers in its range, and names the range", () => {
  const days = count({ most: "99", help: HELP });
  assertEquals(days.parse(["99"]), 99);
  assertEquals([days.least, days.most, days.value], [1, 99, "N"]);
  for (const text of ["0", "100", "1.5", "-1", "1e1", "", "٣"]) {
    const error = assertThrows(() => days.parse([text]), SyntaxError);
    assertEquals(error.message, `'${text}' is not a whole number from 1 to 99`);
  }
});

Deno.test("duration() and size() refuse values out of their range", () => {
  const wait = duration({
    least: "10ms",
    most: "1h",
    hint: "or leave it out",
    help: HELP,
  });
  assertEquals(wait.parse(["10ms"]), 10);
  assertEquals([wait.least, wait.most, wait.unit], [10, 3_600_000, "ms"]);
  assertThrows(
    () => wait.parse(["9ms"]),
    SyntaxError,
    "'9ms' is less than 10ms; or leave it out",
  );
  assertThrows(() => wait.parse(["2h"]), SyntaxError, "'2h' is more than 1h");
  assertThrows(() => wait.parse(["-5s"]), SyntaxError, "'-5s' is not a");
  const room = size({ most: "1MiB", help: HELP }, parseBytes);
  assertEquals(room.parse(["64KB"]), 64_000);
  assertEquals(room.parse(["65536"]), 65_536);
  assertThrows(() => room.parse(["2MB"]), SyntaxError, "is more than 1MiB");
  assertThrows(
    () => size({ help: HELP }).parse(["65536"]),
    SyntaxError,
    "'65536' is not a size such as 64KB",
  );
});

Deno.test("choice() accepts only its words", () => {
  const how = choice(["a", "b", "c"], { default: "a", help: HELP });
  assertEquals(how.parse([]), "a");
  assertEquals([how.value, how.choices], ["a|b|c", ["a", "b", "c"]]);
  assertThrows(
    () => how.parse(["d"]),
    SyntaxError,
    "'d' is not one of a, b, c",
  );
  assertThrows(
    () => choice(["a", "b"], { help: HELP }).parse(["A"]),
    SyntaxError,
    "'A' is neither a nor b",
  );
});

Deno.test("isSecret() follows the kind of the declaration", () => {
  const user = option("secret", { value: "NAME:PASSWORD", help: HELP }, String);
  const via = option("url", { value: "URL", help: HELP }, String);
  assertEquals([user, via].map(isSecret), [true, true]);
  const file = path({ help: HELP });
  assertEquals([file.kind, file.value, isSecret(file)], [
    "path",
    "FILE",
    false,
  ]);
});

Deno.test("helpOf() adds the default and the requirements", () => {
  assertEquals(
    helpOf(count({ default: "3", help: HELP })),
    `${HELP} (default 3)`,
  );
  assertEquals(
    helpOf(duration({ requires: "check-interval", help: HELP })),
    `${HELP}; needs --check-interval`,
  );
  assertEquals(
    helpOf(flag(HELP, {
      requires: [{ anyOf: ["pool"], is: ["ahead", "reuse"] }],
    })),
    `${HELP}; needs --pool ahead or reuse`,
  );
});

Deno.test("valuesOf() parses the values of all options", () => {
  const table = { n: count({ default: "3", help: HELP }), quiet: flag(HELP) };
  assertEquals(valuesOf(table, new Map()), { n: 3, quiet: false });
  const given = new Map([["n", ["4"]], ["quiet", [""]]]);
  assertEquals(valuesOf(table, given), { n: 4, quiet: true });
});
