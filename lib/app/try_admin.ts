/**
 * Whether an admin listener could be started.
 *
 * @module
 */

import type { AdminOptions } from "./admin_options.ts";
import { readAdminToken, requireAdminToken } from "./admin_token.ts";
import { startListeners } from "./start_listeners.ts";
import { type Claim, TrialHost } from "./trial_host.ts";
import { StartError, UsageError } from "./usage_error.ts";

/** What forbids the start of an admin listener. */
export interface AdminFault {
  /** The option that it is about. */
  name: "admin" | "admin-token-file";
  /** What is wrong, as a command line spells it. */
  message: string;
}

/** What a trial of an admin listener has shown. */
export interface AdminTrial {
  /** What is wrong. */
  faults: readonly AdminFault[];
  /** Where it wants to listen. */
  claims: readonly Claim[];
}

/**
 * Starts an admin listener on trial: without a port, but with its token.
 *
 * @param options What is said about it.
 * @returns What is wrong with it; nothing where there is to be none.
 */
export async function tryAdmin(
  { admin, "admin-token-file": path }: AdminOptions,
): Promise<AdminTrial> {
  if (admin === undefined) {
    if (path === undefined) return { faults: [], claims: [] };
    const message = "Option --admin-token-file needs --admin";
    return { faults: [{ name: "admin-token-file", message }], claims: [] };
  }
  const faults: AdminFault[] = [];
  const host = new TrialHost();
  let name: AdminFault["name"] = path === undefined
    ? "admin"
    : "admin-token-file";
  try {
    const token = await readAdminToken({ "admin-token-file": path });
    name = "admin";
    await startListeners([admin], () => () => Promise.resolve(), {
      slots: 1,
      log: () => {},
      host,
      check: (listener, where) => requireAdminToken(listener, where, token),
    });
  } catch (error) {
    faults.push({ name, message: known(error) });
  }
  for (const refusal of host.refusals) {
    faults.push({ name: "admin", message: known(refusal) });
  }
  return { faults, claims: host.claims };
}

/** Tells of what forbids a start, and throws what is a mistake of ours. */
function known(error: unknown): string {
  if (error instanceof UsageError || error instanceof StartError) {
    return error.message;
  }
  throw error;
}
