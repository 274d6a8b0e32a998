/**
 * The program with a deliberate mistake, which happens as soon as it waits. The
 * first argument names the kind.
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";

const [kind, ...args] = Deno.args;

if (kind === "throws") {
  // Every command writes something, and does not expect this failure.
  const write = Deno.stdout.writeSync;
  Deno.stdout.writeSync = (bytes) => {
    Deno.stdout.writeSync = write;
    throw new Error(`sabotage of ${bytes.length > 0}`);
  };
}
if (kind === "rejection") {
  setTimeout(() => void Promise.reject(new Error("sabotage")));
}
if (kind === "exception") {
  setTimeout(() => {
    throw new Error("sabotage");
  });
}

Deno.exit(await main(args));
