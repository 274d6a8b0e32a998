/**
 * The program with a first worker that dies on SIGUSR2 with an error, and on
 * SIGWINCH silently.
 *
 * Run as a program, this module is that program.
 *
 * @module
 */

import { COMMANDS } from "../../lib/program/commands.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import {
  commandServers,
  type LifeOptions,
  runLife,
} from "../../lib/program/life.ts";
import type { ServerCommand } from "../../lib/serve/server_command.ts";
import type { OptionTable } from "../../lib/cli/option.ts";
import type { Death } from "./mortal_worker.ts";
import { Sluice } from "./sluice.ts";

/** Starts that program; the first argument is the command. */
export function startMortal(...args: string[]): Sluice {
  return new Sluice({ module: "tests/support/mortal_sluice.ts" }, ...args);
}

async function main([name = "", ...args]: string[]): Promise<number> {
  const channel = new BroadcastChannel("death");
  const tell = (death: Death) => () => {
    const said = `To the first worker: ${death}\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(said));
    channel.postMessage(death);
  };
  Deno.addSignalListener("SIGUSR2", tell("throw"));
  Deno.addSignalListener("SIGWINCH", tell("close"));
  const command = await COMMANDS[name]!.load() as ServerCommand<OptionTable>;
  const entry = new URL("mortal_worker.ts", import.meta.url).href;
  const values = await parseOptions(args, command.options);
  try {
    return await runLife(
      values as unknown as LifeOptions,
      commandServers(name, command, values),
      { entry, times: { look: 200, patience: 4_000 } },
    );
  } catch (error) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${error}\n`));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
