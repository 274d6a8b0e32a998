/**
 * Runs command lines one after the other in this process, and prints how each
 * ended and what a person saw: starting the program for each would cost more
 * than what it does. What one of them does to the process is nobody else's.
 *
 * Usage: deno run -A answer_inputs.ts < JSON, a list of command lines
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";
import type { Answer, CommandLine } from "./sluice_commands.ts";

const lines: CommandLine[] = await new Response(Deno.stdin.readable).json();
const answers: Answer[] = [];
const { stderr, stdout } = Deno;
const print = stdout.writeSync.bind(stdout);

for (const { args, cwd, fails, stdin = "" } of lines) {
  if (cwd !== undefined) Deno.chdir(cwd);
  const readable = ReadableStream.from(piecesOf(stdin));
  Object.assign(Deno, { stdin: { isTerminal: () => false, readable } });
  const answer = { code: 0, text: "", stderr: "" };
  capture(stdout, (text) => answer.text += text);
  capture(stderr, (text) => answer.stderr += text);
  if (fails !== undefined) failOnce(stdout, fails);
  answer.code = await main([...args]);
  answers.push(answer);
}

const bytes = new TextEncoder().encode(JSON.stringify(answers));
for (let done = 0; done < bytes.length;) done += print(bytes.subarray(done));
Deno.exit();

/** Makes a stream fail with an error that nobody foresaw, the first time. */
function failOnce(stream: typeof stdout, message: string): void {
  const { writeSync } = stream;
  stream.writeSync = () => {
    stream.writeSync = writeSync;
    throw new Error(message);
  };
}

/** Bytes of a text, no more at once than a pipe gives. */
function* piecesOf(text: string): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += 16_384) {
    yield bytes.subarray(start, start + 16_384);
  }
}

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
