/**
 * `sluice connect`: a client for anything that listens.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { CONNECT_OPTIONS } from "./options.ts";
import { runConnect } from "./run.ts";

/** The command as the command line sees it. */
export const CONNECT_COMMAND: Command<typeof CONNECT_OPTIONS> = {
  usage: "connect [OPTIONS] TARGET",
  summary:
    "Connects to a port or Unix socket: what is typed or piped in goes out, what comes back is printed at once. Ctrl-D (the end of the input) half-closes and waits for the rest, Ctrl-C ends. What was sent and received is told on standard error. Exit codes: 0 both ends closed, 1 not reached, or cut, 2 wrong options, 130 Ctrl-C.",
  examples: [
    ["sluice connect localhost:25", "type lines, see the answers"],
    ["sluice connect 8080 < FILE > COPY", "carry a file, byte for byte"],
    ["sluice connect unix:/run/app.sock --json", "one JSON value a line"],
    ["echo hello | sluice connect --udp 127.0.0.1:8080", "a datagram"],
    [
      "ssh -o ProxyCommand='sluice connect --quiet --via http://H:1080 %h:%p' HOST",
      "as the transport of SSH, through a proxy",
    ],
  ],
  options: CONNECT_OPTIONS,
  run: runConnect,
};
