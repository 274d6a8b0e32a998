/**
 * Configurations for tests, in files or in this process.
 *
 * @module
 */

import { ConfigError, problemLines } from "../../lib/cli/config_error.ts";
import { type Config, loadConfig } from "../../lib/config/load.ts";
import { RunningConfig } from "../../lib/config/run.ts";
import { ALONE } from "../../lib/serve/server_host.ts";
import { tryConfig } from "../../lib/config/try.ts";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";

// Loaded for the whole run, as in the program itself.
prepareCLibrary();

/** Loads a configuration without a file. */
export async function load(
  value: unknown,
  path = "test.jsonc",
): Promise<Config> {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return await loadConfig(text, path);
}

/** All problems of a configuration, one per line. */
export async function problemsOf(
  value: unknown,
  path = "test.jsonc",
): Promise<string[]> {
  try {
    const config = await load(value, path);
    const { problems } = await tryConfig(config);
    const error = new ConfigError([...config.problems, ...problems]);
    return problemLines(path, error);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return problemLines(path, error);
  }
}

/** A configuration that runs in this process. Disposing of it cuts it. */
export interface TestRun extends AsyncDisposable {
  readonly running: RunningConfig;
  /** Logged messages. */
  readonly messages: string[];
  /** Resolves when the first connection has ended. */
  readonly ended: Promise<void>;
  /** The most recent listening ports, in the order of the listeners. */
  ports(): number[];
}

/** Creates a run with no listeners yet. */
export function startTestRun(mostRetired?: number): TestRun {
  const messages: string[] = [];
  const ended = Promise.withResolvers<void>();
  const running = new RunningConfig({
    ...ALONE,
    log(event) {
      if (event.event === "message") messages.push(event.message);
      if (event.event === "connection") ended.resolve();
    },
  }, mostRetired);
  return {
    running,
    messages,
    ended: ended.promise,
    ports: () =>
      running.banner.flatMap((one) =>
        typeof one === "string" || one.port === undefined ? [] : [one.port]
      ),
    async [Symbol.asyncDispose]() {
      await running.shutdown(0);
    },
  };
}

/** Replaces a file with a complete one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}
