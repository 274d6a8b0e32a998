/**
 * Opens the client of a command that asks a running Sluice.
 *
 * @module
 */

import { requireText } from "../cli/read_file.ts";
import { concerning, StartError, UsageError } from "../cli/usage_error.ts";
import { readAdminToken } from "../serve/options/admin_token.ts";
import { AdminClient } from "./client.ts";
import type { TopOptions } from "./options.ts";

/** Options that say where an admin listener is, and who asks. */
export type ClientValues = Pick<
  TopOptions,
  "admin" | "admin-token-file" | "ca" | "answer-timeout"
>;

/**
 * Opens a client, and makes sure that it gets answers.
 *
 * @throws {UsageError} If options contradict each other.
 * @throws {StartError} If the admin listener can't be reached.
 */
export async function openClient(options: ClientValues): Promise<AdminClient> {
  const { admin, ca } = options;
  if (ca !== undefined && !admin.isTls) {
    throw new UsageError(`${admin.name} is not an https:// URL`, {
      option: "ca",
    });
  }
  const token = await readAdminToken(options);
  const client = new AdminClient(admin, {
    token,
    ca: ca && await concerning(
      "ca",
      () => requireText("read certificates", ca),
    ),
    timeout: options["answer-timeout"],
  });
  try {
    await requireAnswer(client);
    return client;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/** Tells before it takes the terminal why nothing would be shown. */
async function requireAnswer(client: AdminClient): Promise<void> {
  try {
    await client.call("GET /api/status");
  } catch (error) {
    const { name } = client.address;
    const why = client.describe(error);
    throw new StartError(
      `Cannot read the admin API of ${name}: ${why}; ADMIN is what a running Sluice has as --admin`,
      { cause: error },
    );
  }
}
