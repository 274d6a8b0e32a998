/**
 * Plays a script from the documents as a reader would. It starts servers and
 * continues once they listen, runs every other line to its end, and stops the
 * servers. It is a program of its own because it needs its own network, where
 * every port is free.
 *
 * Usage: deno run -A tests/manual/script_player.ts FOLDER < SCRIPT
 *
 * It works in the folder, and serves a page on port 8000 of 127.0.0.1. The exit
 * code is 1 if a line fails or a server does not end well.
 *
 * @module
 */

import { TextLineStream, toText } from "@std/streams";
import { commandsOf } from "../support/shell_words.ts";

const [folder] = Deno.args as [string];
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** A server's output once it accepts connections. */
const LISTENING = /Listening on|"event":"listening"/;

/** Commands that serve until stopped. */
const SERVERS = ["forward", "hub", "echo", "run", "proxy"];

/** Milliseconds that a script may take. */
const TIME_LIMIT = 80_000;

interface Server {
  line: string;
  child: Deno.ChildProcess;
  ended: Promise<void>;
}

const children: Deno.ChildProcess[] = [];
const servers: Server[] = [];

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Kills all child processes, because the test would wait for their output. */
function fail(error: unknown): never {
  say(`${error}`);
  for (const child of children) {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
  }
  Deno.exit(1);
}

/**
 * Installs the reader's programs. A refusal of the proxy must make them fail.
 */
async function installPrograms(): Promise<void> {
  const programs = {
    sluice: `exec '${Deno.execPath()}' run -A --no-check '${MAIN}' "$@"`,
    curl: `PATH="$REAL_PATH" exec curl --fail "$@"`,
  };
  await Deno.mkdir(`${folder}/bin`);
  for (const [name, text] of Object.entries(programs)) {
    const path = `${folder}/bin/${name}`;
    await Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
}

function shell(line: string, stderr: "piped" | "inherit"): Deno.ChildProcess {
  const path = Deno.env.get("PATH") ?? "";
  const child = new Deno.Command("/bin/sh", {
    args: ["-euc", line],
    cwd: folder,
    env: { PATH: `${folder}/bin:${path}`, REAL_PATH: path, NO_COLOR: "1" },
    stdin: "null",
    stdout: "inherit",
    stderr,
  }).spawn();
  children.push(child);
  return child;
}

function isServer(line: string): boolean {
  const commands = commandsOf(line);
  const [words = []] = commands;
  const [program, first = ""] = words;
  return commands.length === 1 && program === "sluice" &&
    (first === "" || first.startsWith("--") || SERVERS.includes(first)) &&
    !words.includes("--help");
}

async function startServer(line: string): Promise<Server> {
  const child = shell(`exec ${line}`, "piped");
  const listens = Promise.withResolvers<void>();
  const lines = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const read = async () => {
    for await (const text of lines) {
      say(text);
      if (LISTENING.test(text)) listens.resolve();
    }
    listens.reject(new Error(`${line}: it has ended`));
  };
  const ended = read();
  await listens.promise;
  return { line, child, ended };
}

async function stopServer({ line, child, ended }: Server): Promise<void> {
  child.kill("SIGTERM");
  const { code } = await child.status;
  await ended;
  if (code !== 0) throw new Error(`${line}: it has ended with ${code}`);
}

async function play(script: string): Promise<void> {
  await installPrograms();
  await using _page = Deno.serve(
    { hostname: "127.0.0.1", port: 8000, onListen() {} },
    () => new Response("It works\n"),
  );
  for (const line of script.replaceAll(/\\\n\s*/g, " ").split("\n")) {
    if (line.trim() === "") continue;
    say(`$ ${line}`);
    if (isServer(line)) {
      servers.push(await startServer(line));
      continue;
    }
    const { code } = await shell(line, "inherit").status;
    if (code !== 0) throw new Error(`${line}: exit code ${code}`);
  }
  for (const server of servers.toReversed()) await stopServer(server);
}

// A line that never ends must not outlive the test.
setTimeout(() => fail("it takes too long"), TIME_LIMIT);

try {
  await play(await toText(Deno.stdin.readable));
  Deno.exit(0);
} catch (error) {
  fail(error);
}
