/**
 * Checks of the proxy.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Check, expect } from "./check.ts";
import { curl, isRefused, loads } from "./curl.ts";
import { type Program, type Running, start } from "./program.ts";
import { megabytes, type Site } from "./site.ts";

/** Checks of a proxy that is open to all. */
export function openChecks({ ipv4, ipv6 }: Running, site: Site): Check[] {
  const page = `http://${site.ipv4}/`;
  const named = page.replace("127.0.0.1", "localhost");
  return [
    loads("curl --socks5", ["--socks5", ipv4, page]),
    loads("curl --socks5-hostname", ["--socks5-hostname", ipv4, named]),
    loads("IPv6", ["--socks5-hostname", ipv6, `http://${site.ipv6}/`]),
    isRefused("a port that refuses", 5, [
      ...["--socks5", ipv4, `http://${site.closed}/`],
    ]),
    isRefused("a host that is unknown", 4, [
      ...["--socks5-hostname", ipv4, "http://nosuch.invalid/"],
    ]),
  ];
}

/** Checks of a proxy with a user. */
export function userChecks({ ipv4 }: Running, site: Site): Check[] {
  const load = ["--socks5", ipv4, `http://${site.ipv4}/`];
  return [
    loads("user and password", ["--proxy-user", "alice:se:cret", ...load]),
    isRefused("a wrong password", undefined, [
      ...["--proxy-user", "alice:wrong", ...load],
    ]),
  ];
}

/** Checks that bytes arrive as they were sent. */
export function transferChecks({ ipv4 }: Running, site: Site): Check[] {
  const through = ["--socks5", ipv4, `http://${site.ipv4}/big`];
  return [
    {
      name: "100 MB down",
      async run() {
        const { code, stderr, sum } = await curl(through);
        expect("exit code", code, 0, stderr);
        expect("SHA-256", sum, site.sums.sent);
      },
    },
    {
      name: "100 MB up",
      async run() {
        const args = ["-T", "-", "-H", "Expect:", ...through];
        const hash = createHash("sha256");
        const { code, stderr } = await curl(args, megabytes(hash));
        expect("exit code", code, 0, stderr);
        expect("SHA-256", site.sums.received, hash.digest("hex"));
      },
    },
  ];
}

/** Checks that several threads listen on the ports of the first. */
export async function spread(program: Program, site: Site): Promise<void> {
  const running = await start(program, {}, ["--workers", "2"]);
  for (let count = 0; count < 4; count++) {
    for (const { run } of openChecks(running, site)) await run();
  }
  expect("exit code", await running.stop(), 0);
}
