import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  type Ended,
  execFrom,
  hasFence,
  processesWith,
  shellExec,
  spawnExec,
} from "../support/exec.ts";
import { makeFolder } from "../support/programs.ts";
import { sharedCommands } from "../support/sluice_commands.ts";

const commands = sharedCommands();

/** Commands that run at the same time. */
const AT_ONCE = 2;

/** A server that answers `served`, on loopback. */
function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("served"),
  );
}

/** Runs a shell script in a fence, from the process of the whole file. */
function scriptFrom(script: string, args: readonly string[]): Promise<Ended> {
  return execFrom(commands, [...args, "--", "sh", "-c", script]);
}

function fenced(name: string, run: () => Promise<void>): void {
  Deno.test({ name: `sluice exec ${name}`, ignore: !hasFence }, run);
}

fenced("exits as the command does, as a shell would say it", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/plain`, "exit 6\n", { mode: 0o755 });
  const table = [
    [["sh", "-c", "exit 0"], 0],
    [["sh", "-c", "exit 7"], 7],
    [["sh", "-c", "kill -KILL $$"], 137],
    [["sh", "-c", "kill -TERM $$"], 143],
    [["no-such-program"], 127],
    [[`${folder}/none`], 127],
    [[folder], 126],
    [["/etc/passwd"], 126],
    [[`${folder}/plain`], 6], // Without a first line it is for the shell.
    [["exit", "3"], 127], // A word of the shell is no program.
  ] as const;
  const codes = await commands.runAll(
    table.map(([words]) => ["exec", "--quiet", "--", ...words]),
  );
  assertEquals(codes.map(({ code }) => code), table.map(([, code]) => code));
  assertStringIncludes(codes[4]!.stderr, "Cannot run 'no-such-program': no");
  await Deno.remove(folder, { recursive: true });
});

/** A shell's changes to what the program after it gets from its caller. */
const SURROUNDINGS = `
ulimit -Sn 777
umask 027
trap "" HUP
exec 7>"$0" 8</run
env 'odd-name.with(signs)=1' "$@"
`;

fenced(
  "gives the command what its caller has, but no open folder",
  async () => {
    await using folder = await makeFolder();
    const { path } = folder;
    const { code, stderr, stdout } = await shellExec(
      `kill -HUP $$
cat; pwd; id -u; ulimit -Sn; umask
ls -l /proc/self/fd | grep -c ' -> /run'
echo oops >&2; echo file >&7
tr '\\0' '\\n' < /proc/$$/environ # A shell passes no odd names on.
exit 5`,
      ["--quiet"],
      {
        input: "hello\n",
        cwd: path,
        env: { SSH_AUTH_SOCK: "/x", PLAIN: "a b", JAVA_TOOL_OPTIONS: "-Da=b" },
        prefix: ["sh", "-c", SURROUNDINGS, `${path}/file`],
      },
    );
    // The ignored signal did not end it.
    assertEquals(code, 5, stderr);
    assertEquals(stderr, "oops\n");
    assertEquals(await Deno.readTextFile(`${path}/file`), "file\n");
    const lines = stdout.split("\n");
    assertEquals(lines.slice(0, 6), [
      ...["hello", path, String(Deno.uid()), "777", "0027", "0"],
    ]);
    for (
      const line of [
        "odd-name.with(signs)=1",
        "PLAIN=a b",
        "http_proxy=http://127.0.0.1:1080",
        "no_proxy=",
        "NODE_USE_ENV_PROXY=1",
      ]
    ) assert(lines.includes(line), line);
    assert(!lines.some((line) => line.startsWith("SSH_AUTH_SOCK")));
    assert(lines.some((line) => line.startsWith("JAVA_TOOL_OPTIONS=-Da=b -D")));
  },
);

fenced(
  "starts the command without a right and with default signals",
  async () => {
    const { stdout } = await scriptFrom("cat /proc/self/status", ["--quiet"]);
    for (const name of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) {
      assertMatch(stdout, new RegExp(`Cap${name}:\\s+0+\\n`));
    }
    assertMatch(stdout, /NoNewPrivs:\s+1\n/);
    assertMatch(stdout, /Seccomp:\s+2\n/);
    assertMatch(stdout, /SigBlk:\s+0+\n/);
    // Those of the C library's own threads (32 and 33) alone.
    assertMatch(stdout, /SigIgn:\s+0*180000000\n/);
  },
);

fenced("allows what is named and says so at the end", async () => {
  await using server = serve();
  const { port } = server.addr;
  const { code, stderr, stdout } = await scriptFrom(
    `curl -s http://127.0.0.1:${port}/; curl -s -o /dev/null -w ' %{http_code}' http://evil.example/`,
    ["--allow", `127.0.0.1:${port}`],
  );
  assertEquals([code, stdout], [0, "served 403"]);
  assertMatch(stderr, /^HOST +PORT +PROTOCOL/);
  assertMatch(
    stderr,
    new RegExp(`127\\.0\\.0\\.1 +${port} +http +1 .* allowed +--allow 127`),
  );
  assertMatch(stderr, /evil\.example +80 +http +1 .* denied +default/);
  assertStringIncludes(stderr, "give --allow evil.example:80");
});

fenced("leads a port inside to one target, under the rules", async () => {
  await using server = serve();
  const { port } = server.addr;
  const { stderr, stdout } = await scriptFrom(
    "for p in 1080 81; do curl -s --noproxy '*' http://127.0.0.1:$p/; done; curl -s http://localhost:1080/ -o /dev/null -w '%{http_code}'; exit 0",
    [
      ...["--allow", `localhost:${port}`],
      ...["--forward", `1080=localhost:${port}`],
      ...["--forward", `81=127.0.0.1:${port}`],
    ],
  );
  assertEquals(stdout, "served403");
  assertMatch(stderr, new RegExp(`localhost +${port} +tcp .* allowed`));
  assertMatch(stderr, new RegExp(`127.0.0.1 +${port} +tcp .* denied +default`));
});

fenced(
  "denies what shows no name, and says which rule would allow it",
  async () => {
    await using server = serve();
    const { port } = server.addr;
    const script =
      `printf 'hello\\r\\n' | curl -s -p -m 5 telnet://localhost:${port}; exit 0`;
    const { stderr } = await scriptFrom(script, [
      "--allow",
      `localhost:${port}`,
    ]);
    assertMatch(
      stderr,
      new RegExp(`localhost +${port} +http-connect .* denied +name-mismatch`),
    );
    const rule = `allow name localhost port ${port} any-protocol`;
    assertStringIncludes(stderr, `give --rule '${rule}'`);
    const known = await scriptFrom(script, [
      ...["--rule", `${rule} to loopback`, "--fail-on-denied"],
    ]);
    assertEquals(known.code, 0, known.stderr);
  },
);

fenced("keeps the guard for names, unless it is lifted", async () => {
  await using server = serve();
  const { port } = server.addr;
  const ask = (...args: string[]) =>
    scriptFrom(
      `curl -s -o /dev/null -w '%{http_code}' http://${Deno.hostname()}:${port}/`,
      ["--quiet", ...args],
    );
  const rule = ["--rule", `allow name * port ${port}`];
  const [guarded, lifted] = await Promise.all([
    ask(...rule),
    ask(...rule, "--allow-private"),
  ]);
  assertEquals(guarded.stdout, "403");
  assert(lifted.stdout !== "403", lifted.stdout);
});

fenced("writes reports and fails if something was denied", async () => {
  await using server = serve();
  const { port } = server.addr;
  const folder = await Deno.makeTempDir();
  const { code, stderr } = await scriptFrom(
    `curl -s http://127.0.0.1:${port}/ http://evil.example/; exit 4`,
    [
      ...["--report", `${folder}/a.json`, "--report", `${folder}/a.md`],
      ...["--fail-on-denied", "--quiet", "--allow", `127.0.0.1:${port}`],
    ],
  );
  assertEquals(code, 3);
  assertStringIncludes(stderr, "the command itself exited with 4");
  const report = JSON.parse(await Deno.readTextFile(`${folder}/a.json`));
  assertEquals([report.command, report.exitCode], ["sh", 4]);
  assertEquals(
    report.reached.map((row: { verdict: string }) => row.verdict),
    ["denied", "allowed"],
  );
  const markdown = await Deno.readTextFile(`${folder}/a.md`);
  assertStringIncludes(markdown, "| `evil.example` | 80 | http | 1 |");
  await Deno.remove(folder, { recursive: true });
});

fenced("learns rules that are enough", async () => {
  await using server = serve();
  const { port } = server.addr;
  const folder = await Deno.makeTempDir();
  const rules = `${folder}/rules.txt`;
  const script =
    `curl -sS http://127.0.0.1:${port}/ && curl -sS http://localhost:${port}/`;
  const learnt = await scriptFrom(script, ["--learn", rules]);
  assertEquals(learnt.stdout, "servedserved", learnt.stderr);
  const text = await Deno.readTextFile(rules);
  assertStringIncludes(text, `allow to 127.0.0.1 port ${port}\n`);
  assertMatch(text, /\ndefault deny\n$/);
  const held = await scriptFrom(
    `${script} && curl -s -o /dev/null -w '%{http_code}' http://localhost:${
      port + 1
    }/`,
    ["--rules", rules],
  );
  assertEquals([held.code, held.stdout], [0, "servedserved403"], held.stderr);
  assertEquals(held.stderr.match(/ denied /g)?.length, 1, held.stderr);
  await Deno.remove(folder, { recursive: true });
});

fenced("hides sockets but for those that are allowed", async () => {
  const folder = await Deno.makeTempDir();
  const listen = (name: string) => {
    const path = `${folder}/${name}`;
    const listener = Deno.listen({ transport: "unix", path });
    (async () => {
      for await (const conn of listener) conn.close();
    })();
    return listener;
  };
  using _hidden = listen("hidden.sock");
  using _allowed = listen("allowed.sock");
  const script =
    `for (const n of ["hidden", "allowed"]) { try { (await Deno.connect({ transport: "unix", path: "${folder}/" + n + ".sock" })).close(); console.log(n) } catch {} } console.log(Deno.env.get("SSH_AUTH_SOCK"))`;
  const { stdout } = await execFrom(
    commands,
    [
      ...["--quiet", "--allow-socket", `${folder}/allowed.sock`],
      ...["--", Deno.execPath(), "eval", script],
    ],
    { env: { SSH_AUTH_SOCK: `${folder}/allowed.sock` } },
  );
  assertEquals(stdout, `allowed\n${folder}/allowed.sock\n`);
  await Deno.remove(folder, { recursive: true });
});

fenced(
  "refuses a folder that its sockets hide, or that leads there",
  async () => {
    const [inRun] = await commands.runAll([
      { args: ["exec", "--", "true"], cwd: "/run" },
      { args: ["--version"], cwd: Deno.cwd() }, // The next ones are elsewhere.
    ]);
    assertEquals(inRun!.code, 1);
    assertStringIncludes(
      inRun!.stderr,
      "working directory /run would be hidden",
    );
    const { code, stderr } = await shellExec("true", [], {
      prefix: ["sh", "-c", '"$@" < /run', "sh"],
    });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "Descriptor 0 is a folder");
  },
);

fenced("passes signals on, and says what the command says", async () => {
  const names = ["TERM", "INT", "HUP", "USR1"] as const;
  const traps = names.map((name) =>
    `trap 'echo ${name}; seen=$((seen + 1))' ${name}`
  );
  const child = spawnExec([
    ...["--quiet", "--", "sh", "-c"],
    `seen=0; ${
      traps.join("; ")
    }; echo ready; while [ $seen -lt 4 ]; do sleep 0.05; done; exit 9`,
  ]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "ready\n");
  for (const name of names) {
    child.kill(`SIG${name}`);
    assertEquals((await reader.read()).value, `${name}\n`);
  }
  const { code } = await child.status;
  assertEquals(code, 9);
  await reader.cancel();
  await child.stderr.cancel();
});

fenced("runs on when signals reach its init", async () => {
  // Deno takes these signals for itself half a second after its start.
  const { code, stderr, stdout } = await scriptFrom(
    `for i in $(seq 20); do
       for signal in HUP INT TERM USR1; do kill -$signal 1; done
       sleep 0.05
     done
     grep -c ' 00000000:0000 0A ' /proc/net/tcp`,
    ["--quiet"],
  );
  // Only the proxy listens inside, not the debugger of Deno.
  assertEquals([code, stderr, stdout], [0, "", "1\n"]);
});

fenced("leaves no process when it is killed", async () => {
  const mark = `mark-${crypto.randomUUID()}`;
  const child = spawnExec([
    ...["--quiet", "--", "sh", "-c"],
    `sh -c 'setsid sleep 1000 ${mark}' ${mark} & echo ready; sleep 1000`,
  ]);
  const reader = child.stdout.getReader();
  await reader.read();
  assert(processesWith(mark).length > 0);
  child.kill("SIGKILL");
  await child.status;
  // Its output ends when the last of them has ended.
  while (!(await reader.read()).done);
  await child.stderr.cancel();
  assertEquals(processesWith(mark), []);
});

fenced("ends what the command has left behind, and reaps it", async () => {
  const mark = `mark-${crypto.randomUUID()}`;
  const { stdout } = await scriptFrom(
    `for i in 1 2 3 4 5; do (sleep 0.01 &) ; done
     for n in $(seq 100); do
       left=$(grep -lE 'State:.Z|Name:.sleep' /proc/[0-9]*/status | wc -l)
       [ $left = 0 ] && break
       sleep 0.1
     done
     echo $left; (sleep 1000; : ${mark}) > /dev/null 2>&1 &`,
    ["--quiet"],
  );
  assertEquals(stdout, "0\n");
  assertEquals(processesWith(mark), []);
});

fenced("runs many times, at once and one after the other", async () => {
  const runs = Number(Deno.env.get("SLUICE_EXEC_RUNS") ?? 2);
  // Other tests have fences meanwhile.
  const mark = crypto.randomUUID();
  const env = { SLUICE_TEST_RUN: mark };
  for (let left = runs; left > 0; left -= AT_ONCE) {
    const all = await Promise.all(
      Array.from(
        { length: Math.min(left, AT_ONCE) },
        (_, n) => shellExec(`exit ${n + 1}`, ["--quiet"], { env }),
      ),
    );
    assertEquals(all.map(({ code }) => code), all.map((_, n) => n + 1));
  }
  assertEquals(processesWith(mark, "environ"), []);
});

Deno.test("sluice exec --no-isolation sets variables and warns", async () => {
  await using server = serve();
  const { port } = server.addr;
  const { code, stderr, stdout } = await scriptFrom(
    `curl -s http://127.0.0.1:${port}/; curl -s -o /dev/null -w ' %{http_code}' http://evil.example/; exit 5`,
    ["--no-isolation", "--allow", `127.0.0.1:${port}`],
  );
  assertEquals([code, stdout], [5, "served 403"]);
  assertStringIncludes(stderr, "the command can go around the proxy");
  const missing = await commands.run(
    ["exec", "--no-isolation", "--", "no-such-program"],
  );
  assertEquals(missing.code, 127);
});

Deno.test("sluice exec refuses what is wrong before the command starts", async () => {
  const folder = await Deno.makeTempDir();
  const rules = `${folder}/rules.txt`;
  await Deno.writeTextFile(rules, "allow name a.example\nallow nme b\n");
  const table: [args: string[], code: number, text: string][] = [
    [["--rules", rules], 1, `${rules}:2:7: expected a condition`],
    [["--rules", `${folder}/none`], 1, "there is no such file"],
    [["--rule", "alow x"], 2, "--rule: rule 1, column 1: expected allow"],
    [["--allow", "https://a.example"], 2, "write HOST or HOST:PORT"],
    [["--allow-preset", "npn"], 2, "'npn' is not a preset: expected npm"],
    [["--report", `${folder}/x.txt`], 2, "must end in .json or .md"],
    [["--report", `${folder}/no/x.md`], 1, "there is no such folder"],
    [["--learn", folder], 1, "it is a folder"],
    [["--learn", rules, "--allow", "a.example"], 2, "no effect beside --learn"],
    [["--forward", "5432"], 2, "PORT=HOST:PORT"],
    [["--allow-socket", rules], 2, "there is no Unix socket at"],
    [
      ["--no-isolation", "--allow-socket", rules],
      2,
      "no effect beside --no-isolation",
    ],
  ];
  const answers = await commands.runAll(
    table.map(([args]) => ["exec", ...args, "--", "echo", "started"]),
  );
  for (const [index, [, code, text]] of table.entries()) {
    const { stderr, text: stdout, code: ended } = answers[index]!;
    assertEquals([ended, stdout], [code, ""], stderr);
    assertStringIncludes(stderr, text);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "sluice exec never loses the command's result to its report",
  ignore: !hasFence,
}, async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/gone/report.json`;
  await Deno.mkdir(`${folder}/gone`);
  const { code, stderr, stdout } = await scriptFrom(
    `echo out; rmdir ${folder}/gone; exit 8`,
    ["--quiet", "--report", path],
  );
  assertEquals([code, stdout], [8, "out\n"]);
  assertStringIncludes(stderr, `Cannot write report ${path}: there is no such`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "sluice exec keeps the command's result when the disk is full",
  ignore: !hasFence,
}, async () => {
  const folder = await Deno.makeTempDir();
  const { code, stderr } = await shellExec(
    `head -c 200000 /dev/zero > ${folder}/fill; exit 8`,
    ["--quiet", "--report", `${folder}/report.json`],
    {
      prefix: [
        ...["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"],
        'mount -t tmpfs -o size=64k none "$0" && "$@"',
        folder,
      ],
    },
  );
  assertEquals(code, 8, stderr);
  assertMatch(stderr, /sluice: Cannot write report .*report\.json: .*space/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "sluice exec says what is missing if 'unshare' is",
  ignore: !hasFence,
}, async () => {
  const folder = await Deno.makeTempDir();
  const find = (name: string) =>
    ["/usr/bin", "/bin", "/usr/sbin"].map((path) => `${path}/${name}`)
      .find((path) => {
        try {
          return Deno.statSync(path).isFile;
        } catch {
          return false;
        }
      })!;
  await Deno.symlink(find("setpriv"), `${folder}/setpriv`);
  for (const missing of ["unshare", "setpriv"]) {
    if (missing === "setpriv") await Deno.remove(`${folder}/setpriv`);
    const { code, stderr: said } = await commands.run({
      args: ["exec", "--", "/bin/true"],
      env: { PATH: folder },
    });
    assertEquals(code, 1, said);
    assertStringIncludes(said, `'${missing}' is not on the PATH`);
    assertStringIncludes(said, "--no-isolation");
    assertEquals(said.trimEnd().split("\n").length, 1, said);
  }
  await Deno.remove(folder, { recursive: true });
});
