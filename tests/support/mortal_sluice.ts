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
import { runCommandWorkers } from "../../lib/program/run_workers.ts";
import type { Death } from "./mortal_worker.ts";
import { Sluice } from "./sluice.ts";

/** The program with a mortal worker; the first argument is the command. */
export class MortalSluice extends Sluice {
  protected override get program(): string {
    return "tests/support/mortal_sluice.ts";
  }

  protected override argumentsFor(args: string[]): string[] {
    return args;
  }
}

async function main([name = "", ...args]: string[]): Promise<number> {
  const channel = new BroadcastChannel("death");
  const tell = (death: Death) => () => channel.postMessage(death);
  Deno.addSignalListener("SIGUSR2", tell("throw"));
  Deno.addSignalListener("SIGWINCH", tell("close"));
  const { options } = await COMMANDS[name]!.load();
  const entry = new URL("mortal_worker.ts", import.meta.url).href;
  const values = await parseOptions(args, options);
  try {
    return await runCommandWorkers(values, {
      ...{ command: name, args, entry },
      times: { look: 200, patience: 4_000 },
    });
  } catch (error) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${error}\n`));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
