/**
 * Sluice, a proxy in one binary.
 *
 * @module
 */

if (import.meta.main) {
  // The init of a fence needs no commands, and starts faster without them.
  const { main } = Deno.args[0] === "exec-init"
    ? await import("./lib/exec/init.ts")
    : await import("./lib/program/cli.ts");
  Deno.exit(await main(Deno.args));
}
