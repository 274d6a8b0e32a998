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
import { TrialHost } from "../serve/trial_host.ts";

/**
 * Starts an admin listener on trial: without a port, but with its token.
 *
 * @returns The surroundings, with the addresses that it needs and its problems;
 *   none if no admin listener is configured.
 */
export async function tryAdmin(options: AdminOptions): Promise<TrialHost> {
  const { admin, "admin-token-file": path } = options;
  const host = new TrialHost();
  try {
    requireEffect(options, (name) => Object.hasOwn(ADMIN_OPTIONS, name));
    if (admin === undefined) return host;
    const token = await readAdminToken({ "admin-token-file": path });
    await startListeners([admin], () => () => Promise.resolve(), {
      slots: 1,
      log: () => {},
      host,
      optionAt: () => "admin",
      check: (listener, where) => requireAdminToken(listener, where, token),
    });
  } catch (error) {
    host.refuse(error);
  }
  return host;
}
