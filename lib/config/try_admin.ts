/**
 * Checks whether an admin listener can be started.
 *
 * @module
 */

import { ADMIN_OPTIONS, type AdminOptions } from "../serve/options/admin.ts";
import {
  readAdminToken,
  requireAdminToken,
} from "../serve/options/admin_token.ts";
import { requireEffect } from "../cli/requirements.ts";
import { startListeners } from "../serve/start_listeners.ts";
import { type Claim, TrialHost } from "../serve/trial_host.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

/** An error that prevents an admin listener. */
export type AdminFault = UsageError | StartError;

/** The result of a trial of an admin listener. */
export interface AdminTrial {
  /** The problems. */
  faults: readonly AdminFault[];
  /** The addresses that it needs. */
  claims: readonly Claim[];
}

/**
 * Starts an admin listener on trial: without a port, but with its token.
 *
 * @returns Its problems; none if no admin listener is configured.
 */
export async function tryAdmin(options: AdminOptions): Promise<AdminTrial> {
  const faults: AdminFault[] = [];
  const note = (error: unknown) => {
    const isKnown = error instanceof UsageError || error instanceof StartError;
    if (!isKnown) throw error; // Internal error.
    faults.push(error);
  };
  const { admin, "admin-token-file": path } = options;
  const host = new TrialHost();
  try {
    requireEffect(options, (name) => Object.hasOwn(ADMIN_OPTIONS, name));
    if (admin === undefined) return { faults, claims: [] };
    const token = await readAdminToken({ "admin-token-file": path });
    await startListeners([admin], () => () => Promise.resolve(), {
      slots: 1,
      log: () => {},
      host,
      optionAt: () => "admin",
      check: (listener, where) => requireAdminToken(listener, where, token),
    });
  } catch (error) {
    note(error);
  }
  host.refusals.forEach(note);
  return { faults, claims: host.claims };
}
