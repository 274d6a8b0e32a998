/**
 * The program with a deliberate mistake, which happens as soon as it waits. The
 * first argument names the kind.
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";

const [kind, ...args] = Deno.args;

if (kind === "rejection") {
  setTimeout(() => void Promise.reject(new Error("sabotage")));
}
if (kind === "spawned") {
  const spawn = Deno.Command.prototype.spawn;
  Deno.Command.prototype.spawn = function () {
    setTimeout(() => void Promise.reject(new Error("sabotage")));
    return spawn.call(this);
  };
}
if (kind === "exception") {
  setTimeout(() => {
    throw new Error("sabotage");
  });
}

Deno.exit(await main(args));
