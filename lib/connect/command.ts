/**
 * `sluice connect`: a client for any server.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { CONNECT_OPTIONS } from "./options.ts";
import { runConnect } from "./run.ts";

/** The command and its options. */
export const CONNECT_COMMAND: Command<typeof CONNECT_OPTIONS> = {
  usage: "connect [OPTIONS] TARGET",
  summary:
    "Connects to a port or Unix socket, sends what you type or pipe in, and prints what comes back. Ctrl-D (the end of the input) half-closes the connection and waits for the rest; Ctrl-C ends it. At the end it prints to standard error how much it sent and received. Exit codes: 0 both ends closed, 1 not reached or cut, 2 wrong options, 130 Ctrl-C.",
  examples: [
    ["sluice connect localhost:25", "type lines and read the answers"],
    ["sluice connect 8080 < FILE > COPY", "send a file and save the answer"],
    ["sluice connect unix:/run/app.sock --json", "one JSON value a line"],
    ["echo hello | sluice connect --udp 127.0.0.1:8080", "a datagram"],
    [
      "ssh -o ProxyCommand='sluice connect --quiet --via http://H:1080 %h:%p' HOST",
      "carry SSH through a proxy",
    ],
  ],
  options: CONNECT_OPTIONS,
  run: runConnect,
};
