import { assertEquals, assertRejects } from "@std/assert";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { LIMIT_OPTIONS } from "../../../lib/serve/options/limits.ts";
import { openLimits } from "../../../lib/serve/limits/open.ts";
import { parseOptions } from "../../../lib/cli/parse_options.ts";
import { settingsOf } from "../../../lib/cli/settings.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";

const NO_RATE = { up: 0, down: 0 };

Deno.test("LIMIT_OPTIONS limit nothing when nothing is given", async () => {
  const options = await parseOptions([], LIMIT_OPTIONS);
  assertEquals(options, {
    "max-connections-per-user": 0,
    "connection-rate": undefined,
    "connection-burst": undefined,
    "rate-per-connection": NO_RATE,
    "rate-per-user": NO_RATE,
    "rate-total": NO_RATE,
    "rate-burst": 100,
    "quota-per-user": 0,
    "quota-file": undefined,
    "quota-zone": "UTC",
  });
  const { usage } = await openLimits(
    settingsOf(LIMIT_OPTIONS, options).limits,
    false,
  );
  assertEquals(usage, undefined);
});

Deno.test("LIMIT_OPTIONS take every value", async () => {
  const cases: {
    args: string[];
    want: Partial<OptionValues<typeof LIMIT_OPTIONS>>;
  }[] = [
    {
      args: ["--max-connections-per-user", "5"],
      want: { "max-connections-per-user": 5 },
    },
    {
      args: ["--connection-rate=30/m", "--connection-burst=3"],
      want: {
        "connection-rate": { count: 30, period: "minute" },
        "connection-burst": 3,
      },
    },
    {
      args: ["--rate-per-connection", "64KB"],
      want: { "rate-per-connection": { up: 64e3, down: 64e3 } },
    },
    {
      args: ["--rate-per-user", "1MB:10MB"],
      want: { "rate-per-user": { up: 1e6, down: 10e6 } },
    },
    {
      args: ["--rate-total", "1GB/s", "--rate-burst", "2s"],
      want: { "rate-total": { up: 1e9, down: 1e9 }, "rate-burst": 2_000 },
    },
    {
      args: [
        "--quota-per-user=10GB",
        "--quota-file=count",
        "--quota-zone=Europe/Berlin",
      ],
      want: {
        "quota-per-user": 1e10,
        "quota-file": "count",
        "quota-zone": "Europe/Berlin",
      },
    },
  ];
  const initial = await parseOptions([], LIMIT_OPTIONS);
  for (const { args, want } of cases) {
    const options = await parseOptions(args, LIMIT_OPTIONS);
    assertEquals(options, { ...initial, ...want });
  }
});

Deno.test("LIMIT_OPTIONS refuse wrong values", async () => {
  const cases = [
    ["--max-connections-per-user=-1", "'-1' is not a whole number"],
    ["--connection-rate=1/d", "'1/d' is not a number such as"],
    ["--connection-burst=0", "'0' is not a whole number from 1"],
    ["--rate-total=fast", "'fast' is not a size such as"],
    ["--rate-burst=1", "'1' is not a duration"],
    ["--rate-burst=1ms", "'1ms' is less than 10ms"],
    ["--quota-per-user=1", "'1' is not a size such as"],
    ["--quota-zone=Mars/Phobos", "'Mars/Phobos' is not a time zone"],
  ];
  for (const [arg, says] of cases) {
    await assertRejects(
      () => parseOptions([arg!], LIMIT_OPTIONS),
      UsageError,
      says!,
    );
  }
});

Deno.test("openLimits() refuses limits of users without users", async () => {
  const cases = [
    ["--max-connections-per-user=5"],
    ["--rate-per-user=1MB"],
    ["--quota-per-user=1GB"],
  ];
  for (const [arg] of cases) {
    const options = await parseOptions([arg!], LIMIT_OPTIONS);
    const open = (hasUsers: boolean) =>
      openLimits(settingsOf(LIMIT_OPTIONS, options).limits, hasUsers);
    const name = arg!.slice(0, arg!.indexOf("="));
    await assertRejects(
      () => open(false),
      UsageError,
      `${name}: has no effect without users`,
    );
    assertEquals(Object.keys((await open(true)).usage!).length, 1);
  }
});
