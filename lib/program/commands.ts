/**
 * All commands. Each is imported when it is called, so the modules of one do
 * not slow the start of another; but the proxy is there from the start, because
 * `deno run --allow-net main.ts` may not read its modules later.
 *
 * @module
 */

import type { CommandTable } from "./describe_commands.ts";
import { PROXY_COMMAND } from "../proxy/command.ts";

/** The commands by name, of one word or two. */
export const COMMANDS: CommandTable = {
  "proxy": {
    brief: "SOCKS5, SOCKS4 and HTTP proxy; runs when no command is named",
    load: () => Promise.resolve(PROXY_COMMAND),
  },
  "forward": {
    brief: "TCP relay to fixed upstreams, with a connection pool",
    load: async () => (await import("../forward/command.ts")).FORWARD_COMMAND,
  },
  "exec": {
    brief: "run a command that can reach only what the rules allow",
    load: async () => (await import("../exec/command.ts")).EXEC_COMMAND,
  },
  "echo": {
    brief: "test server that sends back what it reads",
    load: async () => (await import("../echo/command.ts")).ECHO_COMMAND,
  },
  "connect": {
    brief: "client for a TCP or UDP port, or a Unix socket",
    load: async () => (await import("../connect/command.ts")).CONNECT_COMMAND,
  },
  "run": {
    brief: "several servers from one configuration file",
    load: async () => (await import("./run_command.ts")).RUN_COMMAND,
  },
  "check": {
    brief: "report every mistake in a configuration file",
    load: async () =>
      (await import("../config/check_command.ts")).CHECK_COMMAND,
  },
  "config example": {
    brief: "print a configuration file with every setting explained",
    load: async () =>
      (await import("../config/example_command.ts")).CONFIG_EXAMPLE_COMMAND,
  },
  "config print": {
    brief: "turn a command line into a configuration file",
    load: async () =>
      (await import("../config/print_command.ts")).CONFIG_PRINT_COMMAND,
  },
  "config schema": {
    brief: "print the JSON Schema of configuration files, for editors",
    load: async () =>
      (await import("../config/schema_command.ts")).CONFIG_SCHEMA_COMMAND,
  },
  "passwd": {
    brief: "make a line of a users file from a name and a password",
    load: async () =>
      (await import("../proxy/passwd_command.ts")).PASSWD_COMMAND,
  },
  "hub": {
    brief: "broadcast server: what one client sends, all others receive",
    load: async () => (await import("../hub/command.ts")).HUB_COMMAND,
  },
  "top": {
    brief: "what a running Sluice does, in a terminal",
    load: async () => (await import("../top/command.ts")).TOP_COMMAND,
  },
  "fleet status": {
    brief: "the machines of a fleet, and what each does",
    load: async () =>
      (await import("../top/fleet/status_command.ts")).FLEET_STATUS_COMMAND,
  },
  "fleet drain": {
    brief: "let a machine of a fleet finish and end",
    load: async () =>
      (await import("../top/fleet/drain_command.ts")).FLEET_DRAIN_COMMAND,
  },
  "doctor": {
    brief: "find problems of this machine and of these options",
    load: async () => (await import("../doctor/command.ts")).DOCTOR_COMMAND,
  },
  "rules list": {
    brief: "print the rules in force, with the guard and the default",
    load: async () =>
      (await import("../proxy/rules/list_command.ts")).RULES_LIST_COMMAND,
  },
  "rules presets": {
    brief: "print the hosts behind the names of exec --allow-preset",
    load: async () =>
      (await import("../proxy/rules/presets_command.ts")).RULES_PRESETS_COMMAND,
  },
  "rules test": {
    brief: "tell what the rules answer to a request, and which rule decides",
    load: async () =>
      (await import("../proxy/rules/test_command.ts")).RULES_TEST_COMMAND,
  },
  "rules learn": {
    brief: "write the rules that allow what a log says has happened",
    load: async () =>
      (await import("../proxy/rules/learn_command.ts")).RULES_LEARN_COMMAND,
  },
  "rules replay": {
    brief: "compare rules with a log: what they would change",
    load: async () =>
      (await import("../proxy/rules/replay_command.ts")).RULES_REPLAY_COMMAND,
  },
  "rules explain": {
    brief: "say what rules mean, and which of them never match",
    load: async () =>
      (await import("../proxy/rules/explain_command.ts"))
        .RULES_EXPLAIN_COMMAND,
  },
  "help": {
    brief: "print help, topics of the manual, or the man page",
    load: async () => (await import("./help_command.ts")).helpCommand(COMMANDS),
  },
  "completion": {
    brief: "print completion for bash, zsh or fish",
    load: async () =>
      (await import("./completion_command.ts")).completionCommand(COMMANDS),
  },
  "cert init": {
    brief: "make a private certificate authority",
    load: async () =>
      (await import("../certs/init_command.ts")).CERT_INIT_COMMAND,
  },
  "cert issue": {
    brief: "issue a key and a certificate for a server or a client",
    load: async () =>
      (await import("../certs/issue_command.ts")).CERT_ISSUE_COMMAND,
  },
  "cert list": {
    brief: "list the certificates, with their days left",
    load: async () =>
      (await import("../certs/list_command.ts")).CERT_LIST_COMMAND,
  },
  "cert revoke": {
    brief: "revoke a certificate",
    load: async () =>
      (await import("../certs/revoke_command.ts")).CERT_REVOKE_COMMAND,
  },
  "cert bundle": {
    brief: "print a key and its certificate, and how to use them",
    load: async () =>
      (await import("../certs/bundle_command.ts")).CERT_BUNDLE_COMMAND,
  },
};
