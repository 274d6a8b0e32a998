/**
 * The variables that make programs use the proxy.
 *
 * @module
 */

import { quoteShellWord } from "../cli/quote_shell_word.ts";

/** Variables that are extended or kept if they are already set. */
const KEPT = {
  java: "JAVA_TOOL_OPTIONS",
  git: ["GIT_SSH_COMMAND", "GIT_SSH"],
} as const;

/** For most programs; each in lower and upper case. */
const COMMON = ["http_proxy", "https_proxy", "all_proxy", "ftp_proxy"];

/** For programs that read other settings first. */
const OWN = [
  "npm_config_proxy", // npm, pnpm
  "npm_config_https_proxy",
  "YARN_HTTP_PROXY",
  "YARN_HTTPS_PROXY",
  "PIP_PROXY",
  "CARGO_HTTP_PROXY",
];

/** Lists of hosts to reach without the proxy, which is impossible here. */
const NONE = ["no_proxy", "NO_PROXY", "npm_config_noproxy"];

/**
 * Creates the variables. `all_proxy` names an HTTP proxy too: a library that
 * cannot speak SOCKS would fail at `socks5h://`, before its first request.
 *
 * @param port The proxy's port on 127.0.0.1.
 * @param variable Reads a variable of the environment.
 * @returns The variables to set.
 */
export function proxyVariables(
  port: number,
  variable: (name: string) => string | undefined,
): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  const names = [
    ...COMMON,
    ...COMMON.map((name) => name.toUpperCase()),
    ...OWN,
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, url])),
    ...Object.fromEntries(NONE.map((name) => [name, ""])),
    "NODE_USE_ENV_PROXY": "1", // Node's fetch and http, from 22.21 and 24.5 on.
    [KEPT.java]: `${variable(KEPT.java) ?? ""} ${javaProxy(port)}`.trim(),
    ...KEPT.git.some((name) => variable(name) !== undefined)
      ? {}
      : { [KEPT.git[0]]: sshThrough(url) },
  };
}

/**
 * Java reads only its own variable, and skips the proxy for loopback unless
 * told otherwise.
 */
function javaProxy(port: number): string {
  return [
    "http.proxyHost=127.0.0.1",
    `http.proxyPort=${port}`,
    "https.proxyHost=127.0.0.1",
    `https.proxyPort=${port}`,
    "http.nonProxyHosts=",
  ].map((property) => `-D${property}`).join(" ");
}

/** SSH has no proxy setting, so Sluice is its `ProxyCommand`. */
function sshThrough(url: string): string {
  const main = new URL(import.meta.resolve("../../main.ts")).pathname;
  const sluice = Deno.build.standalone
    ? [Deno.execPath()]
    : [Deno.execPath(), "run", "--allow-all", decodeURIComponent(main)];
  const words = [...sluice, "connect", "--quiet", "--via", url, "%h:%p"];
  const command = words.map(quoteShellWord).join(" ");
  return `ssh -o ${quoteShellWord(`ProxyCommand=${command}`)}`;
}
