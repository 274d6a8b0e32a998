/**
 * The entry of the compiled program. It does the same as `main.ts`, but imports
 * a command only once it is chosen. The init process of a fence needs no
 * command, and starts while the others load.
 *
 * @module
 */

if (import.meta.main) {
  const [command] = Deno.args;
  if (command === "exec") {
    (await import("../exec/start_init.ts")).startAhead(Deno.args);
  }
  if (command === "exec-init") {
    const { runInitProgram } = await import("../exec/init.ts");
    Deno.exit(await runInitProgram(Deno.args));
  }
  await (await import("./cli.ts")).runProgram(Deno.args);
}
