/**
 * Checks of commands that serve or examine.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Check, expect } from "./check.ts";
import { curl } from "./curl.ts";
import { kill, type Program, readPorts, stop } from "./program.ts";
import { megabytes, type Site } from "./site.ts";

const ROOT = `${import.meta.dirname}/../..`;

/**
 * Checks the path of the modules. In the compiled program, they have a path
 * that does not exist.
 */
export async function doctor({ command: [path, ...args], name }: Program) {
  const { stdout } = await new Deno.Command(path!, {
    args: [...args, "doctor", "--listen", "127.0.0.1:0"],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const [, folder] = /--allow-read=(\S+) main\.ts/.exec(text) ?? [];
  const lib = await Deno.realPath(`${ROOT}/lib`);
  expect("folder", folder, name === "compiled" ? "lib" : lib, text);
}

/** Checks that bytes go through `connect` to the echo server and back. */
export async function echo(
  { command: [path, ...args] }: Program,
): Promise<void> {
  const server = new Deno.Command(path!, {
    args: [...args, "echo", "127.0.0.1:0", "--log", "json"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { found, rest } = await readPorts(server, 1);
  const child = new Deno.Command(path!, {
    args: [...args, "connect", found[0]!],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const sent = createHash("sha256");
  const received = createHash("sha256");
  const [{ code }, stderr] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    megabytes(sent).pipeTo(child.stdin).catch(() => {}), // The exit code is enough.
    (async () => {
      for await (const chunk of child.stdout) received.update(chunk);
    })(),
  ]);
  const serverCode = await stop(server, rest);
  expect("exit code", code, 0, stderr);
  expect("SHA-256", received.digest("hex"), sent.digest("hex"));
  expect("exit code of echo", serverCode, 0);
}

/** Checks the admin listener, which loads most of its modules itself. */
export async function watched(
  { command: [path, ...args] }: Program,
): Promise<void> {
  const child = new Deno.Command(path!, {
    args: [...args, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { found, rest } = await readPorts(child, 1, /API on (http:\S+)/);
  const answers = await Promise.all(
    ["readyz", "metrics", "api/status", ""].map(async (name) => {
      const answer = await fetch(`${found[0]}${name}`);
      return `${answer.status} ${await answer.text()}`;
    }),
  );
  const top = await new Deno.Command(path!, {
    args: [...args, "top", "--once", "--interval", "1s", "--json", found[0]!],
    stdin: "null",
  }).output();
  const code = await stop(child, rest);
  const [ready, metrics, status, page] = answers as [
    ...[string, string, string, string],
  ];
  expect("/readyz", ready, "200 ready\n");
  expect("/metrics", /\nsluice_build_info\{.*\} 1\n/.test(metrics), true);
  expect("/api/status", /^200 \{"version":"\d/.test(status), true);
  expect("page", /^200 <!doctype html>/i.test(page), true);
  const picture = new TextDecoder().decode(top.stdout);
  expect("sluice top", /^\{"at":"2/.test(picture), true);
  expect("exit code", code, 0);
}

/**
 * Checks a file with two listeners, one of which changes, and a file with an
 * error.
 */
export async function configured(
  { command: [path, ...args] }: Program,
  site: Site,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "sluice-smoke-" });
  const file = `${folder}/sluice.jsonc`;
  const write = (more: string) =>
    Deno.writeTextFile(
      file,
      `{ // Two ports that are free.
  "log": "json",
  "listeners": [
    { "kind": "proxy", "listen": "127.0.0.1:0", ${more} },
    { "kind": "echo", "listen": "127.0.0.1:0" },
  ],
}`,
    );
  const sluice = (command: string) =>
    new Deno.Command(path!, {
      args: [...args, command, "-c", file],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
  try {
    await write(`"idle-timout": "1m"`);
    const { code, stderr } = await sluice("check").output();
    expect("exit code of check", code, 2);
    const message = new TextDecoder().decode(stderr);
    expect(
      "place",
      message.startsWith(`${file}:4:49: listeners[0].`),
      true,
      message,
    );
    await write(`"idle-timeout": "1m"`);
    const child = sluice("run").spawn();
    using _ending = {
      // Does nothing if the program has already ended.
      [Symbol.dispose]: () => kill(child),
    };
    const { found: [proxy], rest } = await readPorts(child);
    const load = ["--socks5", proxy!, `http://${site.ipv4}/`];
    expect("exit code of curl", (await curl(load)).code, 0);
    await write(`"idle-timeout": "2m"`);
    if (Deno.build.os !== "windows") child.kill("SIGHUP");
    expect("exit code of curl after SIGHUP", (await curl(load)).code, 0);
    expect("exit code", await stop(child, rest), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Checks the certificate commands, which alone load their library. */
export function certificateChecks(
  { command: [path, ...args] }: Program,
): Check[] {
  async function cert(folder: string, words: string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command(path!, {
      args: [...args, "cert", ...words, "--dir", folder],
    }).output();
    expect("exit code", code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }
  return [{
    name: "cert init, issue, revoke and list",
    async run() {
      const folder = await Deno.makeTempDir({ prefix: "sluice-smoke-" });
      try {
        await cert(folder, ["init"]);
        await cert(folder, ["issue", "alice", "--client"]);
        await cert(folder, ["revoke", "alice"]);
        const list = await cert(folder, ["list"]);
        const [, status] = /^alice .* (\w+)$/m.exec(list) ?? [];
        expect("status", status, "revoked", list);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  }];
}
