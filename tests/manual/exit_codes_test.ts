import { assertEquals } from "@std/assert";
import { tableOf } from "../support/documents.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { makeFolder } from "../support/programs.ts";
import { linesOf, RunningProgram } from "../support/running_program.ts";
import { Sluice, spawnSluice } from "../support/sluice.ts";
import { sharedCommands } from "../support/sluice_commands.ts";

const commands = sharedCommands();

/** Runs a command to its end; gives its exit code. */
async function codeOf(...args: string[]): Promise<number> {
  return (await commands.run(args)).code;
}

/** Starts a server, with a tunnel or not, and tells it to stop. */
async function codeOfStop(
  args: string[],
  use: (server: Sluice) => Promise<Disposable | undefined>,
): Promise<number> {
  await using server = new Sluice(...args);
  await server.port();
  using _held = await use(server);
  server.kill("SIGTERM");
  return await server.code();
}

/** A connection that the shutdown has to cut. */
async function connectTo(server: Sluice) {
  const conn = await server.connect();
  await conn.write(new TextEncoder().encode("held"));
  await conn.read(new Uint8Array(4));
  return conn;
}

function unusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Whether the codes of a table are those that runs have ended with. */
function assertCodes(path: string, head: string, codes: number[]): void {
  const told = tableOf(path, head).map(([code]) => Number(code));
  assertEquals(told, codes);
}

Deno.test("the manual has the exit codes of the proxy", async () => {
  await using echo = await startTestEcho();
  const { port } = echo;
  const relay = [
    ...["forward", "--drain-timeout", "0", "127.0.0.1:0"],
    `127.0.0.1:${port}`,
  ];
  const cut = await codeOfStop(relay, connectTo);
  assertEquals(await codeOfStop(relay, () => Promise.resolve(undefined)), 0);
  assertCodes("lib/manual/proxy.md", "code | meaning", [
    await codeOf("--version"),
    cut,
    await codeOf("--listen", "nowhere"),
  ]);
  const taken = await codeOf("--listen", `127.0.0.1:${port}`);
  assertEquals(taken, 1);
});

Deno.test("the manual has the exit codes of connect", async () => {
  await using echo = await startTestEcho();
  const port = `${echo.port}`;
  const stopped = (signal: Deno.Signal) => codeOfSignal(port, signal);
  assertCodes("lib/manual/echo-connect.md", "code | meaning", [
    await codeOf("connect", port),
    await codeOf("connect", `${unusedPort()}`),
    await codeOf("connect", "--no-such-option", port),
    await stopped("SIGINT"),
    await stopped("SIGTERM"),
  ]);
});

Deno.test("the manual has the exit codes of run and check", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  const write = (listen: number) =>
    Deno.writeTextFile(
      path,
      `{"listeners":[{"kind":"echo","listen":${listen}}]}`,
    );
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await write(taken.addr.port);
  const checked = await codeOf("check", "-c", path);
  const failed = await codeOf("run", "-c", path);
  await write(0);
  const stop = () => Promise.resolve(undefined);
  const ended = await codeOfStop(["run", "-c", path], stop);
  await Deno.writeTextFile(path, "{}");
  const wrong = [
    await codeOf("run", "-c", path),
    await codeOf("check", "-c", path),
  ];
  assertCodes("lib/manual/config.md", "code | `run` | `check`", [
    ended,
    failed,
    wrong[0]!,
  ]);
  assertEquals([checked, wrong], [0, [2, 2]]);
});

Deno.test("the manual has the exit codes of exec", async () => {
  await using folder = await makeFolder();
  const plain = `${folder.path}/plain`;
  await Deno.writeTextFile(plain, "text\n");
  const exec = (...args: string[]) =>
    codeOf("exec", "--no-isolation", "--quiet", ...args);
  // The rules deny every target.
  const dial = [
    "const http = Deno.createHttpClient({ proxy: { url:",
    "Deno.env.get('http_proxy') } });",
    "await (await fetch('http://denied.example/', { client: http })).text();",
  ].join(" ");
  const codes = [
    await exec("--", "true"),
    await exec("--", "sh", "-c", "exit 1"),
    await exec("--no-such-option", "--", "true"),
    await exec("--fail-on-denied", "--", Deno.execPath(), "eval", dial),
    await exec("--", plain),
    await exec("--", `${folder.path}/missing`),
  ];
  const told = tableOf("lib/manual/exec.md", "code | meaning")
    .map(([code]) => Number(code)).filter(Number.isInteger);
  assertEquals(told, codes);
  const killed = await exec("--", "sh", "-c", "kill -TERM $$");
  assertEquals(killed, 128 + 15);
});

/** Runs `connect` without an end of its input, until a signal. */
async function codeOfSignal(
  port: string,
  signal: Deno.Signal,
): Promise<number> {
  const child = spawnSluice(["connect", port], { stdin: "piped" });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("hello\n"));
  const lines = linesOf(child.stdout).getReader();
  assertEquals((await lines.read()).value, "hello");
  await using connect = new RunningProgram(child);
  connect.kill(signal);
  const code = await connect.code();
  await Promise.allSettled([writer.close(), lines.cancel()]);
  return code;
}
