/**
 * Reads a password from the operator.
 *
 * @module
 */

import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import { TextLineStream } from "@std/streams/text-line-stream";
import { StartError } from "../cli/usage_error.ts";

/** RFC 1929 §2: the length is one byte and not zero. */
const MOST_BYTES = 255;

/** The first line of standard input must end within so many bytes. */
const MOST_INPUT = 64 * 1024;

/** Bytes of keys in the raw mode of a terminal. */
const CTRL_C = 3;
const CTRL_D = 4;

/** Most attempts to type the same password twice. */
const MOST_TRIES = 3;

/**
 * Reads a password: twice from the terminal, without showing it, or the first
 * line of standard input.
 *
 * @param name The user's name, for the prompt.
 * @returns The password, 1 to 255 bytes of UTF-8 without control characters.
 * @throws {StartError} If it is missing, or contains what cannot be typed or
 *   sent.
 */
export async function readPassword(name: string): Promise<Uint8Array> {
  const text = Deno.stdin.isTerminal()
    ? await askTwice(name)
    : await readLine();
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < 1 || bytes.length > MOST_BYTES) {
    throw fault(`expected 1 to 255 bytes, not ${bytes.length}`);
  }
  // Arrow keys arrive as escape sequences: refuse them.
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\ufffd]/.test(text)) {
    throw fault("expected text without control characters");
  }
  return bytes;
}

async function askTwice(name: string): Promise<string> {
  const { promptSecret } = await import("@std/cli/prompt-secret");
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const [first, second] = atTerminal(({ setRaw }) => {
      return [`Password for ${name}:`, "The same again:"].map((message) => {
        // The library sets raw mode only after its prompt: text pasted in
        // between would be shown.
        setRaw(true);
        return promptSecret(message, { mask: "" });
      });
    });
    if (first === second && typeof first === "string") return first;
    Deno.stderr.writeSync(new TextEncoder().encode("They differ.\n"));
  }
  throw fault(`the two passwords differed ${MOST_TRIES} times`);
}

/**
 * Gives the library another terminal. Prompts go to standard error, because
 * standard output is only for the line of the users file. Ctrl-C is read like
 * any key, because a signal would end the program and leave the terminal
 * without echo.
 */
function atTerminal<T>(act: (terminal: { setRaw: SetRaw }) => T): T {
  const { stdin, stdout, stderr } = Deno;
  const terminal = {
    isTerminal: () => true,
    setRaw: (isRaw: boolean) => stdin.setRaw(isRaw),
    readSync: (bytes: Uint8Array) => readKey(stdin, bytes),
  };
  Object.assign(Deno, { stdin: terminal, stdout: stderr });
  try {
    return act(terminal);
  } finally {
    Object.assign(Deno, { stdin, stdout });
  }
}

type SetRaw = (isRaw: boolean) => void;

function readKey(stdin: typeof Deno.stdin, bytes: Uint8Array): number | null {
  const count = stdin.readSync(bytes);
  if (count !== null && bytes[0] === CTRL_C) throw fault("Ctrl-C was typed");
  return bytes[0] === CTRL_D ? null : count;
}

/** The line's end is not part of it, and what follows is ignored. */
async function readLine(): Promise<string> {
  const lines = Deno.stdin.readable
    .pipeThrough(new LimitedBytesTransformStream(MOST_INPUT, { error: true }))
    .pipeThrough(new TextDecoderStream("utf-8", { ignoreBOM: true }))
    .pipeThrough(new TextLineStream());
  try {
    for await (const line of lines) return line;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw fault(
      `expected 1 to ${MOST_BYTES} bytes, not ${MOST_INPUT} and more`,
    );
  }
  return "";
}

function fault(why: string): StartError {
  return new StartError(`Cannot take this password: ${why}`);
}
