/**
 * Whether the admin listener of a configuration could be started.
 *
 * @module
 */

import { readAdminToken, requireAdminToken } from "./admin_token.ts";
import type { ConfigProblem } from "./config_error.ts";
import { spellForFile } from "./config_spelling.ts";
import type { Config } from "./load_config.ts";
import { PROGRAM_OPTIONS } from "./program_options.ts";
import { startListeners } from "./start_listeners.ts";
import { type Claim, TrialHost } from "./trial_host.ts";
import { StartError, UsageError } from "./usage_error.ts";

/** What a trial of the admin listener has shown. */
export interface AdminTrial {
  /** What is wrong. */
  problems: readonly ConfigProblem[];
  /** Where it wants to listen. */
  claims: readonly Claim[];
}

/**
 * Starts the admin listener on trial: without a port, and with its token.
 *
 * @param config The configuration.
 * @returns What is wrong with it; nothing where there is none.
 */
export async function tryAdmin(config: Config): Promise<AdminTrial> {
  const { admin, "admin-token-file": path } = config.program;
  const problems: ConfigProblem[] = [];
  const note = (setting: string, error: unknown) => {
    const isKnown = error instanceof UsageError || error instanceof StartError;
    if (!isKnown) throw error;
    const message = spellForFile(error.message, PROGRAM_OPTIONS);
    problems.push(config.problem([setting], message));
  };
  if (admin === undefined) {
    if (path !== undefined) {
      const message = "Option --admin-token-file needs --admin";
      note("admin-token-file", new UsageError(message));
    }
    return { problems, claims: [] };
  }
  const host = new TrialHost();
  let setting = path === undefined ? "admin" : "admin-token-file";
  try {
    const token = await readAdminToken({ "admin-token-file": path });
    setting = "admin";
    await startListeners([admin], () => () => Promise.resolve(), {
      slots: 1,
      log: () => {},
      host,
      check: (listener, where) => requireAdminToken(listener, where, token),
    });
  } catch (error) {
    note(setting, error);
  }
  for (const refusal of host.refusals) note("admin", refusal);
  return { problems, claims: host.claims };
}
