import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { formatHelp } from "../../lib/cli/help.ts";
import { ALONE } from "../../lib/serve/server_host.ts";
import { HUB_COMMAND } from "../../lib/hub/command.ts";
import { HUB_OPTIONS } from "../../lib/hub/options.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { requireEffect } from "../../lib/cli/requirements.ts";
import { startHub } from "../../lib/hub/start.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

Deno.test("HUB_OPTIONS has consistent defaults", async () => {
  const options = await parseOptions([], HUB_OPTIONS);
  assertEquals(options.listen, [{ host: "127.0.0.1", port: 7000 }]);
  assertEquals(options.ws, []);
  assertEquals(
    [options.frame, options["max-message"], options.slow, options.queue],
    ["line", 65_536, "drop-oldest", 1_000],
  );
  assertEquals(options.heartbeat, 30_000);
  assertEquals([options.history, options["history-time"]], [0, 3_600_000]);
});

Deno.test("HUB_OPTIONS accepts listeners, origins and framings", async () => {
  const options = await parseOptions([
    ...["7001", ":7002", "--ws=8000", "--ws", "[::1]:8001"],
    ...["--ws-origin=https://Chat.test", "--frame=json"],
  ], HUB_OPTIONS);
  assertEquals(options.listen, [
    { host: "127.0.0.1", port: 7001 },
    { host: "", port: 7002 },
  ]);
  assertEquals(options.ws[1], { host: "::1", port: 8001 });
  assertEquals(options["ws-origin"], ["https://chat.test"]);
});

const WRONG: [args: string[], message: string][] = [
  [["nonsense:x"], "Argument [LISTEN…]: port 'x' is not"],
  [["--frame=xml"], "Option --frame: 'xml' is not one of line, length32, json"],
  [["--slow=drop"], "Option --slow: 'drop' is not one of drop-oldest"],
  [["--max-message=0"], "Option --max-message: '0' is less than 1"],
  [["--max-message=16777217"], "Option --max-message: '16777217' is more"],
  [["--queue=0"], "Option --queue: '0' is not"],
  [["--history-time=soon"], "Option --history-time: 'soon' is not"],
  [["--ws-origin=chat.test"], "Option --ws-origin: 'chat.test' is not"],
  [["--ws-origin=https://a/b"], "Option --ws-origin: 'https://a/b' is not"],
  [["--ws-origin=null"], "Option --ws-origin: 'null' is not"],
];

for (const [args, message] of WRONG) {
  Deno.test(`HUB_OPTIONS refuses ${args}`, async () => {
    await assertRejects(
      () => parseOptions(args, HUB_OPTIONS),
      UsageError,
      message,
    );
  });
}

Deno.test("HUB_COMMAND refuses options that contradict each other", async () => {
  const cases: [args: string[], message: string][] = [
    [["--history=11", "--queue=10"], "11 messages don't fit into --queue 10"],
    [["--ws-origin=https://a.test"], "--ws-origin: needs --ws"],
  ];
  for (const [args, message] of cases) {
    const options = await parseOptions(args, HUB_OPTIONS);
    const start = async () => {
      requireEffect(options);
      await HUB_COMMAND.start(options, ALONE);
    };
    await assertRejects(start, UsageError, message);
  }
});

Deno.test("startHub() listens on a public address only when open is set", async () => {
  const all = { host: "0.0.0.0", port: 0 };
  const local = { host: "127.0.0.1", port: 0 };
  for (const places of [{ listen: [all] }, { listen: [local], web: [all] }]) {
    const where = { ...defaultSettings(HUB_OPTIONS), ...places };
    await assertRejects(
      () => startHub(where),
      UsageError,
      "Refusing to listen on 0.0.0.0:0: anyone who reaches it could use the hub; give --open",
    );
    const hub = await startHub({ ...where, open: true });
    assertEquals(await hub.shutdown(0), 0);
  }
});

Deno.test("HUB_COMMAND has help of at most 79 columns", () => {
  const help = formatHelp(HUB_COMMAND);
  for (const line of help.split("\n")) assertLessOrEqual(line.length, 79, line);
  for (const name of Object.keys(HUB_OPTIONS)) {
    assert(name === "listen" || help.includes(`--${name}`), name);
  }
});
