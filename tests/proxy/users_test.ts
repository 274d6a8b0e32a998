import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import { openProxyUsers } from "../../lib/proxy/users.ts";
import { StartError } from "../../lib/cli/usage_error.ts";
import { sluice } from "../support/sluice_commands.ts";
import { makeFolder } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { hashedUser, lineOf, tryPassword } from "../support/users.ts";

const ALICE = await hashedUser("alice", "secret");
const BOB = await hashedUser("bob", "b");

/** Opens the users of a command line, and tells what was said. */
async function open(...args: string[]) {
  const said: string[] = [];
  const options = await parseOptions(args, PROXY_OPTIONS);
  const opened = await openProxyUsers(options, (event) => {
    if (event.event === "message") said.push(event.message);
  });
  return { ...opened, said };
}

function verify(
  { users }: Awaited<ReturnType<typeof open>>,
  name: string,
  password: string,
): Promise<boolean> {
  return users!.verify(name, new TextEncoder().encode(password));
}

Deno.test("openProxyUsers() lets everyone in when nobody is named", async () => {
  const opened = await open();
  assertEquals([opened.users, opened.list], [undefined, undefined]);
  assertEquals(opened.files, []);
});

Deno.test("openProxyUsers() takes the users of all sources, and only those of the file anew", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users.txt`;
  await Deno.writeTextFile(path, lineOf(ALICE), { mode: 0o600 });
  const opened = await open("--users", path, "--user", "carol:c");
  assertEquals(opened.list?.map(({ name }) => name), ["carol", "alice"]);
  assertEquals(await verify(opened, "alice", "secret"), true);
  await Deno.writeTextFile(path, lineOf(BOB));
  await opened.files[0]!.reload();
  assertEquals(await verify(opened, "alice", "secret"), false);
  assertEquals(await verify(opened, "bob", "b"), true);
  assertEquals(await verify(opened, "carol", "c"), true);
  await Deno.writeTextFile(path, `${lineOf(ALICE)}carol:${BOB.hash}`);
  await opened.files[0]!.reload();
  assertEquals(await verify(opened, "alice", "secret"), false);
  assertEquals(opened.said.length, 2);
  assertMatch(opened.said[0]!, /^Reloaded .*users\.txt: 2 users$/);
  assertMatch(
    opened.said[1]!,
    /^Cannot reload .*: user 'carol' is in --user or SLUICE_USERS already; Sluice keeps the old one$/,
  );
});

Deno.test("openProxyUsers() lets nobody in when the file is empty, not everyone", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users.txt`;
  await Deno.writeTextFile(path, "# nobody\n", { mode: 0o600 });
  const { users, said } = await open("--users", path);
  assertEquals(said, [`Nobody may use the proxy: ${path} has no users`]);
  await using proxy = await startTestProxy({ users: users! });
  using conn = await proxy.connect();
  assertEquals(await tryPassword(conn, "alice", "secret"), 1);
});

Deno.test("openProxyUsers() says where the file is wrong, without what is there", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users.txt`;
  const cases = [
    ["alice:hunter2", /line 1, column 7: expected a hash/],
    [`${lineOf(ALICE)}hunter2`, /line 2, column 1: expected NAME:HASH$/],
    [`carol:${BOB.hash}`, /user 'carol' is in --user or SLUICE_USERS already$/],
  ] as const;
  for (const [text, pattern] of cases) {
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    const error = await assertRejects(
      () => open("--users", path, "--user", "carol:c"),
      StartError,
    );
    assertEquals(error.message.startsWith("Cannot read users file "), true);
    assertMatch(error.message, pattern);
    assertEquals(error.message.includes("hunter2"), false);
  }
});

Deno.test("proxy returns 1 and one line when it can't have its users file", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users.txt`;
  await Deno.writeTextFile(path, "# nobody\n", { mode: 0o600 });
  const all = ["-A"];
  const cases = [
    {
      permissions: all,
      args: ["--users", `${path}.no`],
      code: 1,
      stderr:
        `sluice: Cannot read users file ${path}.no: there is no such file (option --users)\n`,
    },
    {
      permissions: ["--no-prompt", "--allow-net", "--allow-env"],
      args: ["--users", path],
      code: 1,
      stderr:
        `sluice: Cannot read users file ${path}: Deno was not given the permission; start it with --allow-read=${path} (option --users)\n`,
    },
    {
      permissions: all,
      args: ["--ban-time", "1h"],
      code: 2,
      stderr:
        "sluice: Option --ban-time: is longer than --ban-time-max; raise --ban-time-max\n",
    },
  ];
  for (const { permissions, args, code, stderr } of cases) {
    const result = await sluice(
      ["--listen=127.0.0.1:0", ...args],
      { permissions },
    );
    assertEquals([result.code, result.stderr], [code, stderr]);
  }
});
