import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { exampleConfig } from "../../lib/config/example.ts";
import { loadListenerKinds } from "../../lib/config/server_kinds.ts";
import { valuesOf } from "../../lib/cli/option.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { printConfig } from "../../lib/config/print.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { load, problemsOf } from "../support/config.ts";
import { sampleOf } from "../support/option_samples.ts";

const kinds = await loadListenerKinds();

/** Reads what was printed, with the secrets where it expects them. */
async function readBack(lines: string[], secrets: Record<string, string> = {}) {
  for (const [name, value] of Object.entries(secrets)) {
    Deno.env.set(name, value);
  }
  const { listeners: [listener], program, problems } = await load(
    lines.join("\n"),
    "sluice.jsonc",
  );
  assertEquals(problems, []);
  const { command } = listener!.kind;
  return { ...valuesOf(command.options, listener!.given), ...program };
}

const COMMAND_LINES: [args: string[], secrets?: Record<string, string>][] = [
  [[]],
  [["proxy"]],
  [["--listen", "1080", "--listen=[::1]:1080", "--open", "--quiet"]],
  [["proxy", "--idle-timeout", "0", "--log=json", "--drain-timeout", "5s"]],
  [["--user", "alice:xy:zzy", "--user=bob:xyzzy"], {
    SLUICE_USER_1: "xy:zzy",
    SLUICE_USER_2: "xyzzy",
  }],
  [["--via", "socks5://me:xyzzy@proxy:1080", "--via=http://other:3128"], {
    SLUICE_VIA_1: "socks5://me:xyzzy@proxy:1080",
  }],
  [["--rule", "deny port 25", "--rule", "default deny"]],
  [[
    "forward",
    "8848",
    "a:80,weight=3",
    "b:80,backup",
    "--pool=ahead",
    "--pool-size",
    "3",
  ]],
  [["forward", ":5432=10.0.0.5:5432", ":6379=10.0.0.6:6379"]],
  [["hub", "7000", "[::1]:7000", "--ws", "7001", "--names"]],
  [["echo", "9000", "--delay", "1s", "--chunk", "5"]],
];

Deno.test("printConfig() prints the file that means the same as a command line", async () => {
  for (const [args, secrets] of COMMAND_LINES) {
    const lines = await printConfig(args, kinds);
    const isNamed = kinds.has(args[0] ?? "");
    const { command } = kinds.get(isNamed ? args[0]! : "proxy")!;
    const wanted = await parseOptions(
      isNamed ? args.slice(1) : args,
      command.options,
    );
    assertEquals(await readBack(lines, secrets), wanted, args.join(" "));
    assertEquals(lines.join("\n").includes("zzy"), false, lines.join("\n"));
  }
});

Deno.test("printConfig() prints every option of every kind", async () => {
  for (const [kindName, { command, options }] of kinds) {
    for (const [name, option] of Object.entries(options)) {
      if (option.isOperand) continue;
      const isFlag = option.value === undefined;
      const text = isFlag ? "" : sampleOf(name, option);
      const words = kindName === "forward" ? ["8848", "127.0.0.1:80"] : [];
      const args = [isFlag ? `--${name}` : `--${name}=${text}`, ...words];
      const lines = await printConfig([kindName, ...args], kinds);
      const wanted = await parseOptions(args, command.options);
      const secrets = { SLUICE_USER_1: text.slice(text.indexOf(":") + 1) };
      assertEquals(await readBack(lines, secrets), wanted, `${lines}`);
    }
  }
});

Deno.test("printConfig() refuses what the command would, and other commands", async () => {
  const table: [args: string[], message: string][] = [
    [["--lisen", "1"], "did you mean --listen?"],
    [["forward"], "LISTEN and UPSTREAM are missing"],
    [["connect", "x:1"], "expected one of proxy, forward, hub, echo"],
  ];
  for (const [args, message] of table) {
    const error = await assertRejects(
      () => printConfig(args, kinds),
      UsageError,
    );
    assertStringIncludes(error.message, message);
  }
});

Deno.test("the example is valid as it is", async () => {
  assertEquals(await problemsOf(exampleConfig(kinds).join("\n")), []);
});

Deno.test("the example has every setting, which is valid once it is filled in", () => {
  const lines = exampleConfig(kinds)
    // Out of their comments: settings, and the frames of other listeners.
    .map((line) =>
      line.replace(/^(\s*)\/\/ ( *(?:"[a-z-]+": ["\[{\dtf]|[{}]))/, "$1$2")
    );
  const { listeners } = JSON.parse(
    lines.filter((line) => !/^\s*\/\//.test(line)).join("\n")
      .replaceAll(/,(\s*[}\]])/g, "$1"),
  );
  for (const { kind, ...settings } of listeners) {
    const { options, words } = kinds.get(kind)!;
    const named = words === undefined ? [] : [words.first, words.rest];
    assertEquals(
      Object.keys(settings).toSorted(),
      [
        ...Object.keys(options).filter((name) => name !== words?.operand),
        ...named,
      ]
        .toSorted(),
    );
    for (const [name, option] of Object.entries(options)) {
      if (option.default === undefined) continue;
      assertEquals(option.parse([String(settings[name])]), option.parse([]));
    }
  }
  assertEquals(listeners.length, kinds.size);
});
