import { assertEquals } from "@std/assert";
import { replaceFile } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { connectRequest, greet, readReply } from "../support/proxy.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import { startMortal } from "../support/mortal_sluice.ts";
import { closedPort, startEcho, within, writeAll } from "../support/sockets.ts";
import { pass } from "../support/time.ts";

/** Milliseconds that whoever writes a file takes between two parts of it. */
const PAUSE = 400;

const ASKING_AT_ONCE = 2;

/** Milliseconds between two questions: more of them would only cost CPU. */
const RHYTHM = 50;

/** Answers that show something. */
const LEAST = 20;

/** What a rule forbids. */
const FORBIDDEN = 2;

/** Windows can't send SIGHUP. */
const ignore = Deno.build.os === "windows";

/** A file that is written where it is, part by part. */
class Rewriting implements Disposable {
  readonly #file: Deno.FsFile;

  /** Leaves nothing of what was there. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, truncate: true });
  }

  async write(text: string): Promise<void> {
    await this.#file.write(new TextEncoder().encode(text));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Clients that ask for a target again and again, until disposed of. */
class Asking {
  readonly #all: Promise<unknown>;
  #isOver = false;
  #asked = 0;
  #other = 0;

  constructor(port: number, target: Deno.NetAddr) {
    this.#all = Promise.all(
      Array.from({ length: ASKING_AT_ONCE }, () => this.#ask(port, target)),
    );
  }

  /** Ends it; gives how many had another answer than that it is forbidden. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#all;
    return this.#other;
  }

  async #ask(port: number, target: Deno.NetAddr): Promise<void> {
    while (!this.#isOver || this.#asked < LEAST) {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await greet(conn);
      await writeAll(conn, connectRequest(target.hostname, target.port));
      const { reply } = await within(PATIENCE, readReply(conn));
      this.#asked++;
      if (reply !== FORBIDDEN) this.#other++;
      await pass(RHYTHM);
    }
  }
}

/** Waits as the one who writes does: its slowness is what is tested. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE));
}

/** A configuration of one proxy, whose rules are in a file beside it. */
function filesIn(folder: string, workers: number) {
  const listen = closedPort();
  return {
    path: `${folder}/sluice.jsonc`,
    rules: `${folder}/rules.txt`,
    listen,
    /** The text of the configuration, with more settings of the proxy. */
    config: (more: object) =>
      JSON.stringify({
        workers,
        listeners: [{ kind: "proxy", listen, rules: "rules.txt", ...more }],
      }),
  };
}

/** What a file with `allow port 1` first contains while it is written. */
const CASES = ["", "allow port 1\n"];

for (const workers of [1, 2]) {
  Deno.test({
    name:
      `run with workers ${workers} keeps a deny rule whose file is written for a while at SIGHUP`,
    ignore,
    async fn() {
      await using folder = await makeFolder();
      await using echo = startEcho();
      const { config, listen, path, rules } = filesIn(folder.path, workers);
      const denied = `allow port 1\ndeny port ${echo.addr.port}\n`;
      await Deno.writeTextFile(rules, denied);
      await replaceFile(path, config({}));
      await using sluice = new Sluice("run", "-c", path);
      await sluice.line(/Listening on/);
      const asking = new Asking(listen, echo.addr);
      for (const [n, begin] of CASES.slice(workers - 1).entries()) {
        {
          using file = new Rewriting(rules);
          await file.write(begin);
          const more = { "idle-timeout": `${100 + n}s` };
          await replaceFile(path, config(more));
          sluice.kill("SIGHUP");
          await pause();
          const end = "deny port 1\n".repeat(n + 1);
          await file.write(denied.slice(begin.length) + end);
        }
        const changed = /Reloaded .*sluice\.jsonc: .* changed 1/;
        await sluice.line(changed, n + 1);
        const loaded = `Reloaded .*rules\\.txt: ${n + 3} rules`;
        await sluice.line(new RegExp(loaded));
      }
      assertEquals(await asking.end(), 0);
    },
  });
  Deno.test(`run --watch with workers ${workers} keeps a deny rule whose file is empty meanwhile`, async () => {
    await using folder = await makeFolder();
    await using echo = startEcho();
    const { config, listen, path, rules } = filesIn(folder.path, workers);
    await Deno.writeTextFile(rules, `deny port ${echo.addr.port}\n`);
    await replaceFile(path, config({}));
    await using sluice = new Sluice("run", "-c", path, "--watch");
    await sluice.line(/Listening on/);
    const asking = new Asking(listen, echo.addr);
    {
      using file = new Rewriting(rules);
      await replaceFile(path, config({ "idle-timeout": "100s" }));
      await sluice.line(/Reloaded .*sluice\.jsonc: .* changed 1/);
      await file.write(`deny port 1\ndeny port ${echo.addr.port}\n`);
    }
    await sluice.line(/Reloaded .*rules\.txt: 2 rules/);
    assertEquals(await asking.end(), 0);
  });
}

for (const workers of [1, 2]) {
  Deno.test({
    name:
      `the program with workers ${workers} keeps a deny rule while its file is written, at SIGHUP`,
    ignore,
    async fn() {
      await using folder = await makeFolder();
      await using echo = startEcho();
      const path = `${folder.path}/rules.txt`;
      const denied = `allow port 1\ndeny port ${echo.addr.port}\n`;
      await Deno.writeTextFile(path, denied);
      await using sluice = new Sluice(
        ...["--rules", path, "--workers", `${workers}`],
      );
      const asking = new Asking(await sluice.port(), echo.addr);
      for (const begin of CASES) {
        using file = new Rewriting(path);
        await file.write(begin);
        sluice.kill("SIGHUP");
        await pause();
        await file.write(denied.slice(begin.length));
      }
      await sluice.line(/Reloaded .*rules\.txt: 2 rules/);
      assertEquals(await asking.end(), 0);
    },
  });
}

Deno.test({
  name: "a worker that takes the place of another takes no rules half written",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    await using echo = startEcho();
    const path = `${folder.path}/rules.txt`;
    const denied = `allow port 1\ndeny port ${echo.addr.port}\n`;
    await Deno.writeTextFile(path, denied);
    await using sluice = startMortal(
      ...["proxy", "--listen", "127.0.0.1:0", "--workers", "2"],
      ...["--rules", path],
    );
    const port = await sluice.port();
    {
      using file = new Rewriting(path);
      await file.write(CASES[1]!);
      sluice.kill("SIGUSR2");
      await sluice.line(/Worker 1 has ended/);
      // It is written as long as a worker takes to start, and longer.
      for (let count = 0; count < 5; count++) {
        await pause();
        await file.write("# and so on\n");
      }
      await file.write(denied.slice("allow port 1\n".length));
    }
    await sluice.line(/Worker 1 serves again/);
    assertEquals(await new Asking(port, echo.addr).end(), 0);
  },
});
