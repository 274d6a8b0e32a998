/**
 * A password from whoever started the program.
 *
 * @module
 */

import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import { TextLineStream } from "@std/streams/text-line-stream";
import { StartError } from "../cli/usage_error.ts";

/** RFC 1929 §2: the field's length is one byte, and not zero. */
const MOST_BYTES = 255;

/** Bytes in which the first line of standard input has to end. */
const MOST_INPUT = 64 * 1024;

/** What keys send while the terminal makes nothing of them. */
const CTRL_C = 3;
const CTRL_D = 4;

/** How often a person may type two that differ. */
const MOST_TRIES = 3;

/**
 * Reads a password: twice from the terminal, without showing it, or the first
 * line of standard input.
 *
 * @param name Whose it is, for the prompt.
 * @returns The password, 1 to 255 bytes of UTF-8 without control characters.
 * @throws {StartError} If there is none, or none that could be typed and sent.
 */
export async function readPassword(name: string): Promise<Uint8Array> {
  const text = Deno.stdin.isTerminal()
    ? await askTwice(name)
    : await readLine();
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < 1 || bytes.length > MOST_BYTES) {
    throw fault(`expected 1 to 255 bytes, not ${bytes.length}`);
  }
  // Arrow keys come as such: nobody means them.
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
        // The library does so after its prompt: what is pasted in between
        // would be shown.
        setRaw(true);
        return promptSecret(message, { mask: "" });
      });
    });
    if (first === second && typeof first === "string") return first;
    Deno.stderr.writeSync(new TextEncoder().encode("They differ.\n"));
  }
  throw fault(`${MOST_TRIES} times the two differed`);
}

/**
 * Gives the library another terminal than the one that it would take: prompts
 * go to standard error, since standard output is to hold the line for the users
 * file and nothing else. And Ctrl-C is read like any key, since a signal would
 * end the program while the terminal shows nothing, and leave it so.
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

/** A line's end is not part of it, and what follows it means nothing. */
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
