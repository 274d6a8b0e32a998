import { assertEquals, assertThrows } from "@std/assert";
import { count, duration, flag } from "../../lib/cli/declare_options.ts";
import { noteSource, valuesOf } from "../../lib/cli/option.ts";
import { LIMIT_OPTIONS } from "../../lib/serve/options/limits.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { requireEffect } from "../../lib/cli/requirements.ts";
import { settingsOf } from "../../lib/cli/settings.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const HELP = "what it does";

const TABLE = {
  "idle-timeout": duration({
    default: "10m",
    setting: "timeouts.idle",
    help: HELP,
  }),
  "connect-timeout": duration({
    default: "1s",
    setting: "timeouts.connect",
    help: HELP,
  }),
  "most": count({ setting: "most", help: HELP }),
  "quiet": flag(HELP),
};

Deno.test("settingsOf() puts values at their declared places", async () => {
  const values = await parseOptions(["--idle-timeout=5s"], TABLE);
  const settings: {
    timeouts: { idle: number; connect: number };
    most: number | undefined;
  } = settingsOf(TABLE, values);
  assertEquals(settings, {
    timeouts: { idle: 5_000, connect: 1_000 },
    most: undefined,
  });
});

const NEEDY = {
  "checks": duration({ default: "0", help: HELP }),
  "slow": duration({ default: "0", requires: "checks", help: HELP }),
  "pool": count({
    default: "1",
    requires: [{ anyOf: ["slow", "checks"] }],
    help: HELP,
  }),
};

Deno.test("requireEffect() refuses options without an effect", async () => {
  const values = await parseOptions(["--slow=0"], NEEDY);
  const error = assertThrows(() => requireEffect(values), UsageError);
  assertEquals(
    error.message,
    "Option --slow: needs --checks; without it, this option has no effect",
  );
  assertEquals([error.option, error.others], ["slow", ["checks"]]);
  requireEffect(await parseOptions([], NEEDY));
  requireEffect(await parseOptions(["--slow=0", "--checks=1s"], NEEDY));
  requireEffect(await parseOptions(["--pool=3", "--checks=1s"], NEEDY));
  assertThrows(
    () => requireEffect(valuesOf(NEEDY, new Map([["pool", ["3"]]]))),
    UsageError,
    "needs --slow or --checks",
  );
});

Deno.test("requireEffect() accepts values without a source, and flags that are false", () => {
  requireEffect({ slow: 3 });
  const values = {};
  noteSource(values, { table: NEEDY, given: new Map([["slow", []]]) });
  requireEffect(values);
});

Deno.test("LIMIT_OPTIONS need the limits that they modify", async () => {
  const cases = [
    ["--quota-file=count", "--quota-file: needs --quota-per-user"],
    ["--quota-zone=UTC", "--quota-zone: needs --quota-per-user"],
    ["--connection-burst=5", "--connection-burst: needs --connection-rate"],
    ["--rate-burst=1s", "--rate-burst: needs --rate-per-connection or"],
  ];
  for (const [arg, says] of cases) {
    const values = await parseOptions([arg!], LIMIT_OPTIONS);
    assertThrows(() => requireEffect(values), UsageError, says!);
  }
  requireEffect(
    await parseOptions(["--rate-burst=1s", "--rate-total=1MB"], LIMIT_OPTIONS),
  );
});
