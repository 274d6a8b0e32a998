/**
 * The variables that make programs use the proxy.
 *
 * @module
 */

import { quoteShellWord } from "../cli/quote_shell_word.ts";

/** Variables that are set already, and are added to or left. */
const KEPT = {
  java: "JAVA_TOOL_OPTIONS",
  git: ["GIT_SSH_COMMAND", "GIT_SSH"],
} as const;

/** For most programs; each in small and in capital letters. */
const COMMON = ["http_proxy", "https_proxy", "all_proxy", "ftp_proxy"];

/** For programs that look elsewhere first; what they find must be this proxy. */
const OWN = [
  "npm_config_proxy", // npm, pnpm
  "npm_config_https_proxy",
  "YARN_HTTP_PROXY",
  "YARN_HTTPS_PROXY",
  "PIP_PROXY",
  "CARGO_HTTP_PROXY",
];

/** Lists of hosts that would be reached without the proxy, which is no way. */
const NONE = ["no_proxy", "NO_PROXY", "npm_config_noproxy"];

/**
 * Makes the variables. `all_proxy` names an HTTP proxy too: a library that
 * cannot speak SOCKS would fail at `socks5h://`, before its first request.
 *
 * @param port Port of the proxy on 127.0.0.1.
 * @param variable Finds a variable of the environment.
 * @returns What to set.
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

/** Java reads no variable but its own, and spares loopback unless told. */
function javaProxy(port: number): string {
  return [
    "http.proxyHost=127.0.0.1",
    `http.proxyPort=${port}`,
    "https.proxyHost=127.0.0.1",
    `https.proxyPort=${port}`,
    "http.nonProxyHosts=",
  ].map((property) => `-D${property}`).join(" ");
}

/** SSH knows no proxy: Sluice connects for it, as its `ProxyCommand`. */
function sshThrough(url: string): string {
  const main = new URL(import.meta.resolve("../../main.ts")).pathname;
  const sluice = Deno.build.standalone
    ? [Deno.execPath()]
    : [Deno.execPath(), "run", "--allow-all", decodeURIComponent(main)];
  const words = [...sluice, "connect", "--quiet", "--via", url, "%h:%p"];
  const command = words.map(quoteShellWord).join(" ");
  return `ssh -o ${quoteShellWord(`ProxyCommand=${command}`)}`;
}
