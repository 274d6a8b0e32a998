/**
 * The commands that there are. Each is loaded when it is called: what one needs
 * does not slow the start of another.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import type { OptionTable } from "../cli/option.ts";
import { PROXY_COMMAND } from "../proxy/command.ts";

/** A command, before it is loaded. */
export interface CommandEntry {
  /** What it does, in a few words. */
  readonly brief: string;
  /** Loads it. */
  readonly load: () => Promise<AnyCommand>;
}

/** A command, whatever its options. */
export type AnyCommand = Command<OptionTable>;

/** The commands by name, of one word or two. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  "proxy": {
    brief: "SOCKS5, SOCKS4 and HTTP proxy: what runs when no command is named",
    load: () => Promise.resolve(anyCommand(PROXY_COMMAND)),
  },
  "forward": {
    brief: "TCP relay to fixed upstreams, with connections that are ready",
    load: async () => {
      const { FORWARD_COMMAND } = await import("../forward/command.ts");
      return anyCommand(FORWARD_COMMAND);
    },
  },
  "exec": {
    brief: "command that can reach only what the rules allow",
    load: async () =>
      anyCommand((await import("../exec/command.ts")).EXEC_COMMAND),
  },
  "echo": {
    brief: "server that sends back what it reads, for tests",
    load: async () =>
      anyCommand(
        (await import("../echo/command.ts"))
          .ECHO_COMMAND,
      ),
  },
  "connect": {
    brief: "client for a TCP or UDP port, or a Unix socket",
    load: async () =>
      anyCommand(
        (await import("../connect/command.ts")).CONNECT_COMMAND,
      ),
  },
  "run": {
    brief: "several listeners in one program, from one configuration",
    load: async () =>
      anyCommand(
        (await import("./run_command.ts"))
          .RUN_COMMAND,
      ),
  },
  "check": {
    brief: "all that is wrong with a configuration",
    load: async () =>
      anyCommand(
        (await import("../config/check_command.ts"))
          .CHECK_COMMAND,
      ),
  },
  "config example": {
    brief: "a configuration to begin with, with all that can be said in it",
    load: async () =>
      anyCommand(
        (await import("../config/example_command.ts"))
          .CONFIG_EXAMPLE_COMMAND,
      ),
  },
  "config print": {
    brief: "the configuration that means the same as a command line",
    load: async () =>
      anyCommand(
        (await import("../config/print_command.ts"))
          .CONFIG_PRINT_COMMAND,
      ),
  },
  "config schema": {
    brief: "the JSON Schema of configurations, for editors",
    load: async () =>
      anyCommand(
        (await import("../config/schema_command.ts"))
          .CONFIG_SCHEMA_COMMAND,
      ),
  },
  "passwd": {
    brief: "makes a line of a users file out of a name and a password",
    load: async () => {
      const { PASSWD_COMMAND } = await import("../proxy/passwd_command.ts");
      return anyCommand(PASSWD_COMMAND);
    },
  },
  "hub": {
    brief: "broadcast server: what one client sends, all the others receive",
    load: async () =>
      anyCommand(
        (await import("../hub/command.ts"))
          .HUB_COMMAND,
      ),
  },
  "doctor": {
    brief: "what would bite a proxy on this machine, and what to do about it",
    load: async () =>
      anyCommand(
        (await import("../doctor/command.ts")).DOCTOR_COMMAND,
      ),
  },
  "rules list": {
    brief: "the rules of a proxy as they hold, with the guard and the default",
    load: async () =>
      anyCommand(
        (await import("../proxy/rules_list_command.ts")).RULES_LIST_COMMAND,
      ),
  },
  "rules presets": {
    brief: "hosts that tools need, by the names of exec --allow-preset",
    load: async () =>
      anyCommand(
        (await import("../proxy/rules_presets_command.ts"))
          .RULES_PRESETS_COMMAND,
      ),
  },
  "rules test": {
    brief: "what rules would say to a client, and which one decides",
    load: async () =>
      anyCommand(
        (await import("../proxy/rules_test_command.ts")).RULES_TEST_COMMAND,
      ),
  },
  "cert init": {
    brief: "makes a private authority for certificates",
    load: async () =>
      anyCommand(
        (await import("../certs/init_command.ts")).CERT_INIT_COMMAND,
      ),
  },
  "cert issue": {
    brief: "makes a key and a certificate for a server or a client",
    load: async () =>
      anyCommand(
        (await import("../certs/issue_command.ts")).CERT_ISSUE_COMMAND,
      ),
  },
  "cert list": {
    brief: "the certificates that there are, with the days left",
    load: async () =>
      anyCommand(
        (await import("../certs/list_command.ts")).CERT_LIST_COMMAND,
      ),
  },
  "cert revoke": {
    brief: "ends a certificate before its time",
    load: async () =>
      anyCommand(
        (await import("../certs/revoke_command.ts")).CERT_REVOKE_COMMAND,
      ),
  },
  "cert bundle": {
    brief: "prints a key and certificate with how to use them",
    load: async () =>
      anyCommand(
        (await import("../certs/bundle_command.ts")).CERT_BUNDLE_COMMAND,
      ),
  },
};

/** Options are told apart by the command that gets them, not by the table. */
function anyCommand<Table extends OptionTable>(
  command: Command<Table>,
): AnyCommand {
  return command as unknown as AnyCommand;
}
