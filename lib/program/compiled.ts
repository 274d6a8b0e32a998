/**
 * The entry of the compiled program. It does what `main.ts` does, but imports
 * commands only when it has seen which one runs: a fence's init needs none, and
 * starts while the others load.
 *
 * @module
 */

if (import.meta.main) {
  const [command] = Deno.args;
  if (command === "exec") {
    (await import("../exec/chain.ts")).startAhead(Deno.args);
  }
  if (command === "exec-init") {
    const { runInitProgram } = await import("../exec/init.ts");
    Deno.exit(await runInitProgram(Deno.args));
  }
  await (await import("./cli.ts")).runProgram(Deno.args);
}
