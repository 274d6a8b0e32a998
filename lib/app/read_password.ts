/**
 * A password from whoever started the program.
 *
 * @module
 */

import { StartError } from "./usage_error.ts";

/** RFC 1929 §2: the field's length is one byte, and not zero. */
const MOST_BYTES = 255;

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
  const text = Deno.stdin.isTerminal() ? await askTwice(name) : readLine();
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < 1 || bytes.length > MOST_BYTES) {
    throw fault(`expected 1 to 255 bytes, not ${bytes.length}`);
  }
  // Ctrl-D and arrow keys come as such: nobody means them.
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\ufffd]/.test(text)) {
    throw fault("expected text without control characters");
  }
  return bytes;
}

async function askTwice(name: string): Promise<string> {
  const { promptSecret } = await import("@std/cli/prompt-secret");
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const [first, second] = onStandardError(() => [
      promptSecret(`Password for ${name}:`, { mask: "" }),
      promptSecret("The same again:", { mask: "" }),
    ]);
    if (first === second && typeof first === "string") return first;
    Deno.stderr.writeSync(new TextEncoder().encode("They differ.\n"));
  }
  throw fault(`${MOST_TRIES} times the two differed`);
}

/**
 * The library writes its prompt to standard output, which is to hold the line
 * for the users file and nothing else.
 */
function onStandardError<T>(act: () => T): T {
  const { stdout } = Deno;
  Object.assign(Deno, { stdout: Deno.stderr });
  try {
    return act();
  } finally {
    Object.assign(Deno, { stdout });
  }
}

/** A line's end is not part of it; what follows it is not read. */
function readLine(): string {
  const bytes = new Uint8Array(MOST_BYTES + 3);
  let length = 0;
  while (length < bytes.length && !bytes.subarray(0, length).includes(0x0a)) {
    const count = Deno.stdin.readSync(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(bytes.subarray(0, length));
  return text.split("\n")[0]!.replace(/\r$/, "");
}

function fault(why: string): StartError {
  return new StartError(`Cannot take this password: ${why}`);
}
