/**
 * The least that listens, as the reference for the start and the memory of
 * Sluice.
 *
 * Usage: deno run -A scripts/bench/bare.ts PORT
 *
 * @module
 */

const listener = Deno.listen({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
});
for await (const conn of listener) conn.close();
