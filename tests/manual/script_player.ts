/**
 * Plays scripts from the documents as a reader would. It starts servers and
 * continues once they listen, runs every other line to its end, and stops the
 * servers. It is a program of its own because it needs its own network, where
 * every port is free.
 *
 * Usage: deno run -A tests/manual/script_player.ts < SCRIPTS
 *
 * A line of JSON gives a script as the first of its `args`, and a line of JSON
 * answers it as `answer_inputs.ts` does. The code is 1 if a line fails or a
 * server does not end well. Every script has a new folder, and finds a page on
 * port 8000 of 127.0.0.1.
 *
 * @module
 */

import { makeFolder } from "../support/programs.ts";
import { linesOf } from "../support/running_program.ts";
import { commandsOf } from "../support/shell_words.ts";
import {
  type Answer,
  type CommandLine,
  Commands,
} from "../support/sluice_commands.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** A server's output once it accepts connections. */
const LISTENING = /Listening on|"event":"listening"/;

/** Commands that serve until stopped. */
const SERVERS = ["forward", "hub", "echo", "run", "proxy"];

/**
 * A command that needs no shell but for a file of its output, and no process of
 * its own as `exec` does. One process runs all of them, which saves the start of
 * each.
 */
const PLAIN =
  /^sluice (?!exec )(?<words>[\w .,:/-]+?)(?: > (?<file>[\w.]+))?(?: +#.*)?$/;

/** Milliseconds that a script may take. */
const TIME_LIMIT = 80_000;

interface Server {
  line: string;
  child: Deno.ChildProcess;
  ended: Promise<void>;
}

/** Plays one script. Disposing of it kills what still runs. */
class Play implements Disposable {
  /** What the lines and their programs have printed. */
  said = "";
  readonly #folder: string;
  readonly #children: Deno.ChildProcess[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(script: string): Promise<void> {
    await this.#installPrograms();
    const servers: Server[] = [];
    for (const line of script.replaceAll(/\\\n\s*/g, " ").split("\n")) {
      if (line.trim() === "") continue;
      this.said += `$ ${line}\n`;
      if (isServer(line)) servers.push(await this.#startServer(line));
      else await this.#runToEnd(line);
    }
    for (const server of servers.toReversed()) await stopServer(server);
  }

  /**
   * Installs the reader's programs. A refusal of the proxy must make them fail.
   */
  async #installPrograms(): Promise<void> {
    const programs = {
      sluice: `exec '${Deno.execPath()}' run -A --no-check '${MAIN}' "$@"`,
      curl: `PATH="$REAL_PATH" exec curl --fail "$@"`,
    };
    await Deno.mkdir(`${this.#folder}/bin`);
    for (const [name, text] of Object.entries(programs)) {
      const path = `${this.#folder}/bin/${name}`;
      await Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
  }

  async #runToEnd(line: string): Promise<void> {
    const plain = PLAIN.exec(line)?.groups;
    const { code, text, stderr } = plain === undefined
      ? await this.#runInShell(line)
      : await this.#runPlain(plain["words"]!, plain["file"]);
    this.said += text + stderr;
    if (code !== 0) throw new Error(`${line}: exit code ${code}`);
  }

  async #runPlain(words: string, file?: string): Promise<Answer> {
    const args = words.split(" ").filter((word) => word !== "");
    const answer = await commands.run({ args, cwd: this.#folder });
    if (file === undefined) return answer;
    await Deno.writeTextFile(`${this.#folder}/${file}`, answer.text);
    return { ...answer, text: "" };
  }

  async #runInShell(line: string): Promise<Answer> {
    const { code, stdout, stderr } = await this.#shell(line).output();
    const [text, errors] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    ) as [string, string];
    return { code, text, stderr: errors };
  }

  #shell(
    line: string,
    stdout: "piped" | "null" = "piped",
  ): Deno.ChildProcess {
    const path = Deno.env.get("PATH") ?? "";
    const child = new Deno.Command("/bin/sh", {
      args: ["-euc", line],
      cwd: this.#folder,
      env: { PATH: `${this.#folder}/bin:${path}`, REAL_PATH: path },
      stdin: "null",
      stdout,
      stderr: "piped",
    }).spawn();
    this.#children.push(child);
    return child;
  }

  async #startServer(line: string): Promise<Server> {
    const child = this.#shell(`exec ${line}`, "null");
    const listens = Promise.withResolvers<void>();
    const read = async () => {
      for await (const text of linesOf(child.stderr)) {
        this.said += `${text}\n`;
        if (LISTENING.test(text)) listens.resolve();
      }
      listens.reject(new Error(`${line}: it has ended`));
    };
    const ended = read();
    await listens.promise;
    return { line, child, ended };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has already ended.
      }
    }
  }
}

function isServer(line: string): boolean {
  const commands = commandsOf(line);
  const [words = []] = commands;
  const [program, first = ""] = words;
  return commands.length === 1 && program === "sluice" &&
    (first === "" || first.startsWith("--") || SERVERS.includes(first)) &&
    !words.includes("--help");
}

async function stopServer({ line, child, ended }: Server): Promise<void> {
  child.kill("SIGTERM");
  const { code } = await child.status;
  await ended;
  if (code !== 0) throw new Error(`${line}: it has ended with ${code}`);
}

async function answer(script: string): Promise<Answer> {
  await using folder = await makeFolder();
  using play = new Play(folder.path);
  // A line that never ends must not outlive the test.
  const timer = setTimeout(() => {
    print({ code: 1, text: play.said, stderr: "it takes too long" });
    play[Symbol.dispose]();
    Deno.exit(1);
  }, TIME_LIMIT);
  try {
    await play.run(script);
    return { code: 0, text: play.said, stderr: "" };
  } catch (error) {
    return { code: 1, text: play.said, stderr: `${error}` };
  } finally {
    clearTimeout(timer);
  }
}

function print(answer: Answer): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(answer)}\n`);
  for (let done = 0; done < bytes.length;) {
    done += Deno.stdout.writeSync(bytes.subarray(done));
  }
}

await using commands = new Commands();
await using _page = Deno.serve(
  { hostname: "127.0.0.1", port: 8000, onListen() {} },
  () => new Response("It works\n"),
);
for await (const line of linesOf(Deno.stdin.readable)) {
  const { args: [script] }: CommandLine = JSON.parse(line);
  print(await answer(script!));
}
