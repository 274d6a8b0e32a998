/**
 * Runs wrong command lines one after another in this process, and prints the
 * error that a user would see. It is a program of its own so that they affect
 * no other test.
 *
 * Usage: deno run -A answer_inputs.ts < JSON, a list of lists of arguments
 *
 * @module
 */

import { failureOf, runCommand } from "../../lib/program/cli.ts";

const lines: string[][] = await new Response(Deno.stdin.readable).json();
const answers: { code: number; message: string }[] = [];
for (const args of lines) {
  try {
    const code = await runCommand(args);
    answers.push({ code, message: "(it was done)" });
  } catch (error) {
    answers.push(failureOf(error));
  }
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(answers)));
Deno.exit();
