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
stdout.close = () => {}; // The answers still need it.

for await (const line of lines) {
  const { args, cwd, env = {}, fails, stdin = "" }: CommandLine = JSON.parse(
    line,
  );
  if (cwd !== undefined) Deno.chdir(cwd);
  const restore = changeEnvironment(env);
  Object.defineProperty(Deno, "args", { value: args, configurable: true });
  Object.assign(Deno, { stdin: inputOf(stdin) });
  const answer: Answer = { code: 0, text: "", stderr: "" };
  capture(stdout, (text) => answer.text += text);
  capture(stderr, (text) => answer.stderr += text);
  if (fails !== undefined) failOnce(stdout, fails);
  answer.code = await main([...args]);
  restore();
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

/** Changes variables; returns what undoes it, except for removed ones. */
function changeEnvironment(
  env: Readonly<Record<string, string | null>>,
): () => void {
  const before = Object.entries(env).map(([name, value]) => {
    if (value === null) return Deno.env.delete(name);
    const old = Deno.env.get(name);
    Deno.env.set(name, value);
    return () =>
      old === undefined ? Deno.env.delete(name) : Deno.env.set(name, old);
  });
  return () => before.forEach((undo) => undo?.());
}

/** A standard input with a text. A command uses one of its two sides. */
function inputOf(text: string) {
  const pieces = piecesOf(text);
  let rest = new Uint8Array();
  return {
    isTerminal: () => false,
    readable: ReadableStream.from(pieces),
    read(view: Uint8Array): Promise<number | null> {
      if (rest.length === 0) rest = pieces.next().value ?? rest;
      const piece = rest.subarray(0, view.length);
      view.set(piece);
      rest = rest.subarray(piece.length);
      return Promise.resolve(piece.length || null);
    },
  };
}

/** The bytes of a text, in pieces of at most a pipe's size. */
function* piecesOf(
  text: string,
): Generator<Uint8Array<ArrayBuffer>, undefined> {
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
