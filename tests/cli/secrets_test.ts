import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";

import { loadListenerKinds } from "../../lib/config/server_kinds.ts";
import { isSecret, type OptionTable } from "../../lib/cli/option.ts";
import { PROGRAM_OPTIONS } from "../../lib/serve/options/program.ts";
import { makeFolder } from "../support/programs.ts";
import { Sluice } from "../support/sluice.ts";
import {
  ANSWERING,
  Commands,
  sharedCommands,
} from "../support/sluice_commands.ts";
import { CERTIFICATE, KEY } from "../support/tls_identity.ts";

/** A text that must never appear. */
const MARK = "hush-xyzzy";

const TOKEN = `${MARK}-0123456789`;

/** Valid values of every option that can contain a secret. */
const GOOD: Readonly<Record<string, readonly string[]>> = {
  "user": [`alice:${MARK}`, `bob:${MARK}:with:colons`],
  "via": [
    `http://carl:${MARK}@127.0.0.1:1`,
    `socks5://carl:${MARK}1@127.0.0.1:1,http://x:${MARK}2@127.0.0.1:2`,
  ],
  "parent": [
    `office=http://bob:${MARK}@127.0.0.1:1`,
    `home=socks5h://bob:${MARK}@127.0.0.1:1,http://y:${MARK}@[::1]:2`,
  ],
  "fleet": [`redis+sentinel://eve:${MARK}@127.0.0.1:1,127.0.0.1:2/main`],
};

/** Invalid values. */
const BAD: Readonly<Record<string, readonly string[]>> = {
  "user": [MARK, `:${MARK}`, `alice:${MARK.repeat(40)}`],
  "via": [
    ...[MARK, `socks5://alice:${MARK}`, `alice:${MARK}@host:1`],
    ...[`socks5://alice:${MARK}@`, `socks5://alice:1,${MARK}@host`],
    ...[`ftp://alice:${MARK}@host`, `socks5://a:${MARK}%@host`],
    ...[`socks4://a:${MARK}@host`, `socks5://a:${MARK}@host:99999`],
  ],
  "parent": [
    ...[MARK, `socks5://a:${MARK}@host`, `direct=http://a:${MARK}@h`],
    ...[`office=${MARK}`, `office=http://a:${MARK}`],
  ],
  "fleet": [
    ...[MARK, `redis://eve:${MARK}`, `redis://eve:${MARK}%@host`],
    ...[`http://eve:${MARK}@host`, `redis://eve:${MARK}@host:99999`],
  ],
};

/** Values of options that name a file. A path is not a secret. */
const FILES: Readonly<Record<string, string>> = {
  "tls-cert": "tls.crt",
  "tls-key": "tls.key",
  "admin-token-file": "token",
};

function secretsOf(table: OptionTable): string[] {
  return Object.keys(table).filter((name) => isSecret(table[name]!));
}

function flagsFor(values: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(values).flatMap(([name, list], index) =>
    list.flatMap((value) =>
      index % 2 === 0 ? [`--${name}`, value] : [`--${name}=${value}`]
    )
  );
}

function assertSilent(text: string, ...where: string[]): void {
  assertEquals(text.includes(MARK), false, `${where.join(" ")}: ${text}`);
}

async function writeFiles(folder: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {
    "tls.crt": CERTIFICATE,
    "tls.key": KEY,
    "token": TOKEN,
    "secret": MARK,
    "url": GOOD["via"]![0]!,
  };
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(`${folder}/${name}`, text, { mode: 0o600 });
  }
  return Object.fromEntries(
    Object.entries(FILES).map(([option, name]) => [
      option,
      `${folder}/${name}`,
    ]),
  );
}

/** A configuration with secrets in it and beside it. */
function configOf(more: Record<string, unknown> = {}): string {
  return JSON.stringify(
    {
      "admin": "127.0.0.1:0",
      "fleet": GOOD["fleet"]![0],
      ...more,
      "listeners": [
        {
          "kind": "proxy",
          "listen": "127.0.0.1:0",
          "parent": GOOD["parent"],
          "user": [...GOOD["user"]!, "carl:file:secret", "dora:env:HUSH"],
          "via": [...GOOD["via"]!, "file:url", "env:HUSH_URL"],
          "tls-cert": "tls.crt",
          "tls-key": "tls.key",
        },
        {
          "kind": "forward",
          "listen": "127.0.0.1:0",
          "upstreams": ["127.0.0.1:9"],
          "via": GOOD["via"],
        },
      ],
    },
    undefined,
    2,
  );
}

const program = sharedCommands();

const ENVIRONMENT = { HUSH: MARK, HUSH_URL: GOOD["via"]![1]! };

Deno.test("GOOD contains every option that can hold a secret", async () => {
  const tables: OptionTable[] = [PROGRAM_OPTIONS];
  for (const { load } of Object.values(COMMANDS)) {
    tables.push((await load()).options);
  }
  for (const { options } of (await loadListenerKinds()).values()) {
    tables.push(options);
  }
  const names = new Set(tables.flatMap(secretsOf));
  assertEquals([...names].sort(), Object.keys(GOOD).sort());
  assertEquals(Object.keys(BAD).sort(), Object.keys(GOOD).sort());
  // The path of a file is shown, whatever the file contains.
  for (const table of tables) {
    for (const [name, option] of Object.entries(table)) {
      if (option.kind === "path") assertEquals(isSecret(option), false, name);
    }
  }
});

Deno.test("commands that print options hide every secret", async () => {
  await using folder = await makeFolder();
  const files = await writeFiles(folder.path);
  const config = `${folder.path}/sluice.json`;
  await Deno.writeTextFile(config, configOf({ "admin-token-file": "token" }));
  const flags = flagsFor(GOOD);
  const paths = Object.entries(files)
    .flatMap(([name, path]) => [`--${name}`, path]);
  const all = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const commands: (readonly [args: string[], wanted: RegExp])[] = [
    [
      ["doctor", ...all, ...flags, ...paths],
      /main\.ts .*--user alice:PASSWORD .*--via=http:\/\/carl:PASSWORD@127\.0\.0\.1:1 .*--tls-key \S+tls\.key/,
    ],
    [["doctor", "--json", ...all, ...flags, ...paths], /alice:PASSWORD/],
    [["doctor", "-c", config], /run -c /],
    [["doctor", "--json", "-c", config], /run -c /],
    [["config", "print", "--", ...all, ...flags, ...paths], /alice:env:/],
    [[
      "config",
      "print",
      "--",
      "forward",
      "1",
      "h:2",
      ...flagsFor({ via: GOOD["via"]! }),
    ], /env:/],
    [["check", "-c", config], /nothing wrong/],
  ];
  const answers = await program.runAll(
    commands.map(([args]) => ({ args, env: ENVIRONMENT })),
  );
  for (const [at, [args, wanted]] of commands.entries()) {
    const { stderr, text } = answers[at]!;
    assertSilent(text + stderr, ...args);
    assert(wanted.test(text), text + stderr);
  }
});

Deno.test("commands hide every secret in their errors", async (t) => {
  await using folder = await makeFolder();
  const words = [
    [`alice:${MARK}`],
    [`socks5://alice:${MARK}@host:1`],
    ["--user", "alice", MARK],
    ["proxy", MARK, "--user", `alice:${MARK}`],
    ["--usr", `alice:${MARK}`],
    [`--usr=alice:${MARK}`],
    [`--user:alice:${MARK}`],
    [`-u${MARK}`],
    [`-u=${MARK}`],
    ["--user", `alice:${MARK}`, "--user", `alice:${MARK}`],
    ["passwd", "alice", MARK],
    ["passwd", `alice:${MARK}`],
    ["--listen", `http://alice:${MARK}@host:1`],
    ["--listen", `alice:${MARK}@host`],
    ["forward", "1", `tls://alice:${MARK}@host:1`],
    ["connect", `socks5://alice:${MARK}@host:1`],
    ["rules", "test", "--target", `http://alice:${MARK}@host:1`],
    ["--dns", `alice:${MARK}@192.0.2.1`],
    ["--admin", `alice:${MARK}@127.0.0.1:1`],
  ];
  for (const [name, values] of Object.entries(BAD)) {
    for (const value of values) words.push([`--${name}`, value]);
  }
  const commands: string[][] = words.flatMap((args) =>
    args[0]!.startsWith("-")
      ? [args, ["doctor", ...args], ["config", "print", "--", ...args]]
      : [args]
  );
  await t.step("on the command line", async () => {
    const answers = await program.runAll(commands);
    for (const [at, { code, stderr, text }] of answers.entries()) {
      assertSilent(text + stderr, ...commands[at]!);
      assertEquals(code, 2, `${commands[at]!.join(" ")}: ${stderr}`);
    }
  });
  await t.step("in the environment", async () => {
    const here = "127.0.0.1:0";
    const users = [MARK, `alice:${MARK} alice:${MARK}`, `:${MARK}`]
      .map((value) => ({
        args: ["--listen", here],
        env: { SLUICE_USERS: value },
      }));
    const tokens = [MARK, `${MARK} ${MARK}`].map((value) => ({
      args: ["--listen", here, "--admin", here],
      env: { SLUICE_ADMIN_TOKEN: value },
    }));
    const lines = [...users, ...tokens];
    for (
      const [at, { code, stderr, text }] of (await program.runAll(lines))
        .entries()
    ) {
      const [variable] = Object.keys(lines[at]!.env) as [string];
      assertSilent(text + stderr, variable);
      assertStringIncludes(stderr, variable);
      assertEquals(code, 2);
    }
  });
  await t.step("in the environment, as invalid text", async () => {
    const path = `${folder.path}/variable.json`;
    await Deno.writeTextFile(
      path,
      JSON.stringify({
        "listeners": [{
          "kind": "proxy",
          "listen": "127.0.0.1:0",
          "user": "alice:env:HUSH",
        }],
      }),
    );
    const here = "127.0.0.1:0";
    const place = `${path}:1:54: listeners[0].user: `;
    const cases: [variable: string, where: string, args: string[]][] = [
      ["SLUICE_USERS", "sluice: ", ["--listen", here]],
      ["SLUICE_ADMIN_TOKEN", "sluice: ", ["--listen", here, "--admin", here]],
      ["HUSH", "sluice: ", ["--listen", here, "--via", "env:HUSH"]],
      ["HUSH", place, ["check", "-c", path]],
      ["HUSH", place, ["run", "-c", path]],
    ];
    // Only a shell can set such text. Each variable is removed after its case.
    const variables = ["SLUICE_USERS", "SLUICE_ADMIN_TOKEN", "HUSH"];
    const set = variables.map((name) =>
      `${name}=$'socks5://a\\xff:${MARK}@host'`
    );
    await using commands = new Commands({}, [
      ...["bash", "-c", `${set.join(" ")} exec "$@"`, "bash", ...ANSWERING],
    ]);
    for (const [variable, where, args] of cases) {
      const before = variables.slice(0, variables.indexOf(variable));
      const env = Object.fromEntries(before.map((name) => [name, null]));
      const { code, stderr, text } = await commands.run({ args, env });
      assertSilent(text + stderr, variable, ...args);
      const wanted = `${where}${variable} in the environment is not UTF-8\n`;
      assertEquals(stderr, wanted);
      assertEquals(code, 2);
    }
  });
  await t.step("in a configuration", async () => {
    const path = `${folder.path}/bad.json`;
    await Deno.writeTextFile(
      path,
      JSON.stringify({
        "listeners": [
          { "kind": "proxy", "listen": "127.0.0.1:0", ...BAD },
          { "kind": "proxy", "listen": `alice:${MARK}@h`, "admin": MARK },
          {
            "kind": "forward",
            "listen": "1",
            "upstreams": `tls://a:${MARK}@h:1`,
          },
        ],
      }),
    );
    const lines = [["run"], ["check"], ["doctor"], ["doctor", "--json"]];
    const answers = await program.runAll(
      lines.map((args) => [...args, "-c", path]),
    );
    for (const [at, { code, stderr, text }] of answers.entries()) {
      assertSilent(text + stderr, ...lines[at]!);
      assert(code > 0);
    }
  });
});

/** The configuration in the admin API. */
async function apiConfig(server: Sluice): Promise<string> {
  const line = await server.line(/Admin page, figures and API on/);
  const [url] = /http:\/\/[\d.:]+\//.exec(line)!;
  const headers = { authorization: `Bearer ${TOKEN}` };
  const paths = ["api/config", "api/tunnels", "api/status", "metrics"];
  const texts = await Promise.all(paths.map(async (path) => {
    const answer = await fetch(`${url}${path}`, { headers });
    return await answer.text();
  }));
  return texts.join("\n");
}

for (const workers of [1, 2]) {
  Deno.test(`a server with ${workers} workers shows the paths of files but no secret`, async (t) => {
    await using folder = await makeFolder();
    const files = await writeFiles(folder.path);
    const paths = Object.entries(files)
      .flatMap(([name, path]) => [`--${name}`, path]);
    const config = `${folder.path}/sluice.json`;
    await Deno.writeTextFile(
      config,
      configOf({ workers, "admin-token-file": "token" }),
    );
    const servers = {
      "with flags": () =>
        new Sluice(
          ...[...flagsFor(GOOD), ...paths],
          ...["--admin", "127.0.0.1:0", "--workers", `${workers}`],
        ),
      "with a file": () =>
        new Sluice({ env: ENVIRONMENT }, "run", "-c", config),
    };
    for (const [name, start] of Object.entries(servers)) {
      await t.step(name, async () => {
        await using server = start();
        const config = await apiConfig(server);
        // Nobody may use this server, and the log names whoever tried.
        const port = await server.port();
        const conn = await Deno.connect({ hostname: "127.0.0.1", port });
        await conn.write(new TextEncoder().encode(`${MARK}\r\n\r\n`));
        conn.close();
        await server.line(/ dropped | failed | refused /);
        server.kill("SIGHUP");
        await server.line(/Reloaded /);
        server.kill("SIGTERM");
        await server.code();
        assertSilent(config);
        assertSilent(server.lines.join("\n"));
        assert(config.includes("tls.key"), config);
      });
    }
  });
}
