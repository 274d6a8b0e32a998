import { assert, assertEquals } from "@std/assert";
import {
  describePlan,
  memoryPlan,
} from "../../lib/serve/limits/memory_plan.ts";
import { draw } from "../../lib/top/draw/draw.ts";
import { drawNodes } from "../../lib/top/fleet/draw_nodes.ts";
import { blocksOf } from "../support/documents.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { fakeFleet } from "../support/fake_fleet.ts";
import { shapeOf } from "../support/line_shape.ts";
import {
  makeFolder,
  run,
  type RunOptions,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { commandsOf } from "../support/shell_words.ts";
import {
  type Answer,
  cacheEnvironment,
  sharedCommands,
  SLUICE,
} from "../support/sluice_commands.ts";
import { tick, topFrame, topState, topTunnel } from "../support/top.ts";

/** Outputs that documents show, each with a test below, by how they begin. */
const OUTPUTS = {
  certificates: /^NAME /,
  check: /^sluice\.jsonc:/,
  connect: /^Sent /,
  exec: /^HOST /,
  doctor: /^\$ sluice doctor /,
  memory: /^The memory limit /,
  rules: /^\$ sluice rules test /,
  explained: /^\$ sluice rules explain /,
  top: /^Sluice \d/,
  fleet: /^\d nodes, /,
} as const;

const BLOCKS = blocksOf("output");

/** The lines of the one output that begins in such a way. */
function shown(name: keyof typeof OUTPUTS): string[] {
  const [block] = BLOCKS.filter(({ text }) => OUTPUTS[name].test(text));
  return block!.text.trimEnd().split("\n");
}

Deno.test("sluice fleet status draws the fleet of the manual", () => {
  const [web1, web2, web3] = fakeFleet(2).nodes.map((node, index) => ({
    ...node,
    ...{ node: `web-${index + 1}`, isAnswering: true },
  }));
  const now = Date.now();
  const since = (milliseconds: number) =>
    new Date(now - milliseconds).toISOString();
  const nodes = [
    { ...web1!, load: 0.41, open: 210, up: 9e5, down: 2.2e7 },
    { ...web2!, load: 0.12, open: 90, up: 3e5, down: 8e6 },
    { ...web3!, load: 0, open: 14, up: 0, down: 0, silentMs: 8_200 },
  ].map((node, index) => ({
    ...node,
    startedAt: since([2.7e8, 7.5e6, 274e3][index]!),
  }));
  const drawn = drawNodes({ node: "web-1", role: "member", nodes }, now);
  assertEquals(drawn, shown("fleet"));
});

Deno.test("sluice top draws the screen of the manual", () => {
  const state = topState(
    [
      topTunnel(1, { user: "alice", target: "cdn.example.net:443" }),
      topTunnel(2, { user: "bob", client: "10.20.0.9:40112", ageMs: 725_500 }),
      topTunnel(3, { client: "127.0.0.1:50112", ageMs: 3_500 }),
    ].map((tunnel, index) => ({
      ...tunnel,
      ...[
        { rule: "office", sent: 1e8, received: 1.17e9, ageMs: 250_500 },
        { target: "git.example:22", sent: 4e5, received: 5e5 },
        { sent: 6_000, received: 6_000 },
      ][index],
    })),
    { version: "0.2.0" },
  );
  const sums = { ...state.status!, sent: 0, received: 0, total: 100 };
  tick(state, { status: sums });
  tick(state, {
    status: { ...sums, sent: 1_200_000, received: 30_000_000, total: 112 },
    changed: [
      [1, 1e8 + 1_200_000, 1.17e9 + 30_000_000, "open"],
      [2, 400_210, 504_100, "open"],
    ],
  });
  const frame = topFrame(state, { rows: 10, inquiries: { share: 0.023 } });
  assertEquals(draw(frame), shown("top"));
});

const commands = sharedCommands();

/** Runs a line of one command where its files are. */
function runPlain(folder: string, line: string): Promise<Answer> {
  const [[, ...args] = []] = commandsOf(line);
  return commands.run({ args, cwd: folder });
}

/** Runs a line in a shell where its files are. */
async function runIn(folder: string, line: string, options: RunOptions = {}) {
  const script = `cd '${folder}'; sluice() { "$@"; }; ${line}`
    .replace('"$@"', `${SLUICE.map((word) => `'${word}'`).join(" ")} "$@"`);
  const env = { ...cacheEnvironment(), ...options.env };
  return await run("/bin/sh", ["-c", script], { ...options, env });
}

Deno.test("every output that documents show has a test", () => {
  for (const { text, where } of BLOCKS) {
    const found = Object.values(OUTPUTS).filter((start) => start.test(text));
    assertEquals(found.length, 1, where);
  }
});

Deno.test("sluice cert list prints the table of the manual", async () => {
  await using folder = await makeFolder();
  const lines = [
    "sluice cert init",
    "sluice cert issue proxy --server localhost,127.0.0.1",
    "sluice cert issue alice --client",
    "sluice cert issue mallory --client --days 20",
    "sluice cert revoke mallory",
    "sluice cert list",
  ];
  let list = "";
  for (const line of lines) {
    const { code, stderr, text } = await runPlain(folder.path, line);
    assertEquals(code, 0, stderr);
    list = text;
  }
  const digits = (line: string) => line.replaceAll(/\d/g, "0");
  assertEquals(
    list.trimEnd().split("\n").map(digits),
    shown("certificates").map(digits),
  );
});

Deno.test("sluice check prints the problems of the manual", async () => {
  await using folder = await makeFolder();
  const [{ text } = { text: "" }] = blocksOf("configuration");
  const broken = text.replace("idle-timeout", "idle-timout")
    .replace('"listen": 7000', '"listen": 1080');
  await Deno.writeTextFile(`${folder.path}/bob.txt`, "b\n", { mode: 0o600 });
  await Deno.writeTextFile(`${folder.path}/sluice.jsonc`, broken);
  const { code, stderr, text: said } = await runPlain(
    folder.path,
    "sluice check -c sluice.jsonc",
  );
  assertEquals(code, 2);
  assertEquals((said + stderr).trimEnd().split("\n"), shown("check"));
});

Deno.test("sluice connect prints the summary of the manual", async () => {
  await using echo = await startTestEcho();
  const { code, stderr } = await commands.run({
    args: ["connect", `${echo.port}`],
    stdin: "a".repeat(1_000_000),
  });
  assertEquals(code, 0, stderr);
  assertEquals(
    stderr.trimEnd().split("\n").map(shapeOf),
    shown("connect").map(shapeOf),
  );
});

Deno.test("sluice doctor prints the findings of the manual", async () => {
  await using folder = await makeFolder();
  const [command, ...lines] = shown("doctor");
  const { text: user } = await commands.run({
    args: ["passwd", "alice"],
    cwd: folder.path,
    stdin: "secret\n",
  });
  await Deno.writeTextFile(`${folder.path}/users.txt`, user);
  const made = await runPlain(folder.path, command!.slice(2));
  const found = new Map(
    made.text.split("\n").map((line) => [line.split(/ +/)[1], line]),
  );
  for (const line of lines.filter((line) => /^\w/.test(line))) {
    const [level, check] = line.split(/ +/);
    const printed = found.get(check);
    assert(printed !== undefined, `${check} is not in\n${made.text}`);
    // This machine may be another one than that of the manual.
    if (!printed.startsWith(`${level} `)) continue;
    assertEquals(shapeOf(printed), shapeOf(line));
  }
});

Deno.test("describePlan() describes a memory limit as the manual does", () => {
  const limit = { limit: 134_000_000, used: 19_000_000 };
  const plan = memoryPlan({ limit, isHeapBound: true, hasPasswords: false })!;
  const [line] = shown("memory");
  const [told, more] = line!.split(";");
  assertEquals(shapeOf(told!), shapeOf(describePlan(plan)));
  assertEquals(shapeOf(more!), " Sluice accepts # at most");
});

Deno.test("sluice rules test prints the answer of the manual", async () => {
  await using folder = await makeFolder();
  const rules = "# For Alice.\nallow to 127.0.0.1\ndefault deny\n";
  await Deno.writeTextFile(`${folder.path}/rules.txt`, rules);
  const [command, ...lines] = shown("rules");
  const { code, text } = await runPlain(folder.path, command!.slice(2));
  assertEquals([code, text.trimEnd().split("\n")], [0, lines]);
});

Deno.test("sluice rules explain prints the words of the manual", async () => {
  await using folder = await makeFolder();
  const rules =
    "ads: deny name .ads.example\nallow user alice port 443\nallow name x.ads.example\ndefault deny\n";
  await Deno.writeTextFile(`${folder.path}/rules.txt`, rules);
  const [command, ...lines] = shown("explained");
  const { code, text } = await runPlain(folder.path, command!.slice(2));
  assertEquals([code, text.trimEnd().split("\n")], [1, lines]);
});

testPrograms({
  name: "sluice exec prints the table of the manual",
  needs: ["curl", "fence"],
  async fn({ curl }) {
    await using folder = await makeFolder();
    await using server = startHttp(() => new Response("hello"));
    const { port } = server.addr;
    const { code, stderr } = await runIn(
      folder.path,
      `sluice exec --allow localhost:${port} -- sh -c '${curl} -s http://localhost:${port}/; ${curl} -s https://evil.example/; exit 0'`,
      { env: { PATH: Deno.env.get("PATH")! } },
    );
    assertEquals(code, 0, stderr);
    const plain = (lines: string[]) =>
      lines.map((line) => line.replaceAll(/\d+/g, "0").replaceAll(/ +/g, " "));
    assertEquals(
      plain(stderr.trimEnd().split("\n")),
      plain(shown("exec")),
    );
  },
});
