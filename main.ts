/**
 * Sluice, a proxy in one binary.
 *
 * @module
 */

if (import.meta.main) {
  const [command] = Deno.args;
  // A fence's init needs no commands, and starts while they load.
  if (command === "exec") {
    (await import("./lib/exec/chain.ts")).startAhead(Deno.args);
  }
  const { main } = await (command === "exec-init"
    ? import("./lib/exec/init.ts")
    : import("./lib/program/cli.ts"));
  Deno.exit(await main(Deno.args));
}
