import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  SINGLE_WORKER_OPTIONS,
  WORKER_OPTIONS,
} from "../../../lib/serve/options/workers.ts";
import { ConfigError } from "../../../lib/cli/config_error.ts";
import { DuplicateFilter } from "../../../lib/workers/duplicate_filter.ts";
import { StartError, UsageError } from "../../../lib/cli/usage_error.ts";
import { WORKER_FAULTS } from "../../../lib/workers/fault.ts";
import { problemsOf } from "../../support/config.ts";

Deno.test("WORKER_OPTIONS take a number, or auto", () => {
  const { parse } = WORKER_OPTIONS.workers;
  assertEquals([parse([]), parse(["1"]), parse(["64"])], [1, 1, 64]);
  assert(parse(["auto"]) >= 1);
  for (const text of ["0", "65", "-1", "1.5", "", "many", "1e1"]) {
    assertThrows(() => parse([text]), SyntaxError, "neither auto nor");
  }
});

Deno.test("SINGLE_WORKER_OPTIONS take 1 alone", () => {
  const { parse } = SINGLE_WORKER_OPTIONS.workers;
  assertEquals([parse([]), parse(["1"])], [1, 1]);
  for (const text of ["2", "auto"]) {
    assertThrows(() => parse([text]), SyntaxError, "one thread");
  }
});

Deno.test("a configuration with workers has no hub and no Unix socket", async () => {
  const listeners = [
    { kind: "hub", listen: "127.0.0.1:0" },
    { kind: "forward", listen: "unix:here.sock", upstreams: "127.0.0.1:1" },
  ];
  const problems = await problemsOf({ workers: 2, listeners });
  assertEquals(problems.length, 2);
  assert(problems[0]!.includes("a hub runs in one thread"));
  assert(problems[1]!.includes("Unix socket"));
});

Deno.test("WORKER_FAULTS makes the error again that it was", () => {
  const problem = { path: ["listeners", 0], line: 2, column: 3, message: "no" };
  const errors = [
    new UsageError("one"),
    new StartError("two", { option: "listen" }),
    new ConfigError([problem]),
    new Error("four"),
  ];
  for (const error of errors) {
    const fault = structuredClone(WORKER_FAULTS.encode(error));
    const again = WORKER_FAULTS.decode(fault);
    assertEquals([again.name, again.message], [error.name, error.message]);
    if (!(error instanceof StartError)) continue;
    assertEquals((again as StartError).option, error.option);
  }
});

Deno.test("DuplicateFilter passes a message of several threads once, and a repeat of one thread again", () => {
  const time = { now: 0 };
  const said = new DuplicateFilter(() => time.now);
  assertEquals([said.isNews("a", 0), said.isNews("a", 1)], [true, false]);
  assertEquals([said.isNews("a", 0), said.isNews("a", 1)], [true, false]);
  assertEquals(said.isNews("b", 1), true);
  time.now += 5_000;
  assertEquals(said.isNews("b", 0), true);
});
