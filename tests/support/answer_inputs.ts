/**
 * Runs command lines one after another in this process, and prints how each
 * ended and what a user saw, because starting the program for each would cost
 * more than its work. It is a program of its own so that they affect no other
 * test.
 *
 * Usage: deno run -A answer_inputs.ts < command lines, one of JSON each
 *
 * It prints a line of JSON after each of them, and ends with its input.
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";
import { linesOf } from "./running_program.ts";
import type { Answer, CommandLine } from "./sluice_commands.ts";

const lines = linesOf(Deno.stdin.readable);
const { stderr, stdout } = Deno;
const print = stdout.writeSync.bind(stdout);

for await (const line of lines) {
  const { args, cwd, env = {}, fails, stdin = "" }: CommandLine = JSON.parse(
    line,
  );
  if (cwd !== undefined) Deno.chdir(cwd);
  const readable = ReadableStream.from(piecesOf(stdin));
  Object.assign(Deno, { stdin: { isTerminal: () => false, readable } });
  const answer: Answer = { code: 0, text: "", stderr: "" };
  capture(stdout, (text) => answer.text += text);
  capture(stderr, (text) => answer.stderr += text);
  if (fails !== undefined) failOnce(stdout, fails);
  const before = Deno.env.toObject();
  for (const name in env) Deno.env.set(name, env[name]!);
  answer.code = await main([...args]);
  for (const name in env) {
    if (Object.hasOwn(before, name)) Deno.env.set(name, before[name]!);
    else Deno.env.delete(name);
  }
  const bytes = new TextEncoder().encode(`${JSON.stringify(answer)}\n`);
  for (let done = 0; done < bytes.length;) done += print(bytes.subarray(done));
}
Deno.exit();

/** Makes a stream fail once with an unexpected error. */
function failOnce(stream: typeof stdout, message: string): void {
  const { writeSync } = stream;
  stream.writeSync = () => {
    stream.writeSync = writeSync;
    throw new Error(message);
  };
}

/** The bytes of a text, in pieces of at most a pipe's size. */
function* piecesOf(text: string): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += 16_384) {
    yield bytes.subarray(start, start + 16_384);
  }
}

/** Captures the output of a stream. */
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
