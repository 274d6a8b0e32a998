/**
 * `sluice passwd alice` at a terminal, once for each end that the test wants,
 * because a start for each would cost more than its work.
 *
 * Usage: deno run -A typed_passwords.ts COUNT
 *
 * After each it asks the terminal for a line, in which the terminal shows what
 * is typed as ever; the question tells the exit code.
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";

const { stderr, stdin, stdout } = Deno;
const encoder = new TextEncoder();

for (let left = Number(Deno.args[0]); left > 0; left--) {
  const code = await main(["passwd", "alice"]);
  stdout.writeSync(encoder.encode("\0"));
  stderr.writeSync(encoder.encode(`\0${code}? `));
  stdin.readSync(new Uint8Array(16));
}
Deno.exit();
