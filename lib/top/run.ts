/**
 * Runs `sluice top`.
 *
 * @module
 */

import { readText } from "../cli/read_file.ts";
import { fileFault } from "../cli/file_error.ts";
import { concerning, StartError, UsageError } from "../cli/usage_error.ts";
import { readAdminToken } from "../serve/options/admin_token.ts";
import { AdminClient } from "./client.ts";
import type { TopOptions } from "./options.ts";
import { printOnce } from "./print_once.ts";
import { hasTerminal } from "./terminal_screen.ts";
import { watchServer } from "./watch_server.ts";

/**
 * Shows a server until a person quits, or prints one picture of it.
 *
 * @returns Exit code.
 * @throws {UsageError} If there is no terminal, or options contradict each
 *   other.
 * @throws {StartError} If the admin listener can't be reached.
 */
export async function runTop(options: TopOptions): Promise<number> {
  const { filter, interval, once, reverse, sort } = options;
  if (!once && !hasTerminal()) {
    throw new UsageError(
      "sluice top needs a terminal; use --once to print one picture without one",
    );
  }
  using client = await openClient(options);
  await requireAnswer(client);
  const first = { filter: filter ?? "", sort, isReversed: reverse };
  return once
    ? await printOnce(client, { first, interval, isJson: options.json })
    : await watchServer(client, { first, interval });
}

async function openClient(options: TopOptions): Promise<AdminClient> {
  const { admin, ca } = options;
  if (ca !== undefined && !admin.isTls) {
    throw new UsageError(`${admin.name} is not an https:// URL`, {
      option: "ca",
    });
  }
  const token = await readAdminToken(options);
  return new AdminClient(admin, {
    token,
    ca: ca === undefined ? undefined : await concerning("ca", () => readCa(ca)),
    timeout: options["answer-timeout"],
  });
}

async function readCa(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    throw fileFault("read certificates", path, error);
  }
}

/** Fails before the terminal changes if the admin listener does not answer. */
async function requireAnswer(client: AdminClient): Promise<void> {
  try {
    await client.call("GET /api/status");
  } catch (error) {
    const { name } = client.address;
    const why = client.describe(error);
    throw new StartError(
      `Cannot read the admin API of ${name}: ${why}; ADMIN must be the --admin address of a running Sluice`,
      { cause: error },
    );
  }
}
