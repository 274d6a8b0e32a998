/**
 * Runs command lines one after the other in this process, and prints how each
 * ended and what a person saw: starting the program for each would cost more
 * than what it does. What one of them does to the process is nobody else's.
 *
 * Usage: deno run -A answer_inputs.ts < JSON, a list of lists of arguments
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";
import type { Answer } from "./sluice_commands.ts";

const lines: string[][] = await new Response(Deno.stdin.readable).json();
const answers: Answer[] = [];
const { stderr, stdout } = Deno;
const print = stdout.writeSync.bind(stdout);

for (const args of lines) {
  const answer = { code: 0, text: "", stderr: "" };
  capture(stdout, (text) => answer.text += text);
  capture(stderr, (text) => answer.stderr += text);
  answer.code = await main(args);
  answers.push(answer);
}

const bytes = new TextEncoder().encode(JSON.stringify(answers));
for (let done = 0; done < bytes.length;) done += print(bytes.subarray(done));
Deno.exit();

/** Takes what is written to a stream in the place of the stream. */
function capture(
  stream: Pick<typeof Deno.stdout, "write" | "writeSync">,
  take: (text: string) => void,
): void {
  const decoder = new TextDecoder();
  stream.writeSync = (bytes) => {
    take(decoder.decode(bytes, { stream: true }));
    return bytes.length;
  };
  stream.write = (bytes) => Promise.resolve(stream.writeSync(bytes));
}
