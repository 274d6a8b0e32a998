/**
 * curl, and checks of what it gets.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Check, expect } from "./check.ts";
import { TIME_LIMIT } from "./program.ts";
import { PAGE } from "./site.ts";

/** Exit code of curl after a proxy's refusal. */
const PROXY_REFUSES = 97;

/** Runs curl without the user's configuration, and hashes what it loads. */
export async function curl(
  args: string[],
  body?: ReadableStream<Uint8Array>,
): Promise<{ code: number; stderr: string; sum: string }> {
  const child = new Deno.Command("curl", {
    args: ["-q", "-sS", "--max-time", `${TIME_LIMIT / 1000}`, ...args],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "" },
    stdin: body === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const hash = createHash("sha256");
  const [{ code }, stderr] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
    body?.pipeTo(child.stdin).catch(() => {}), // The exit code is enough.
    (async () => {
      for await (const chunk of child.stdout) hash.update(chunk);
    })(),
  ]);
  return { code, stderr, sum: hash.digest("hex") };
}

/** Checks that curl loads the page. */
export function loads(name: string, args: string[]): Check {
  return {
    name,
    async run() {
      const { code, stderr, sum } = await curl(args);
      expect("exit code", code, 0, stderr);
      expect("page", sum, createHash("sha256").update(PAGE).digest("hex"));
    },
  };
}

/** Checks that the proxy refuses, with a reply code of SOCKS5. */
export function isRefused(
  name: string,
  reply: number | undefined,
  args: string[],
): Check {
  return {
    name,
    async run() {
      const { code, stderr } = await curl(args);
      expect("exit code", code, PROXY_REFUSES, stderr);
      if (reply === undefined) return;
      expect("reply", /\((\d+)\)\s*$/.exec(stderr)?.[1], `${reply}`, stderr);
    },
  };
}
