/**
 * Users in a file: one `name:hash` per line; `#` starts a comment.
 *
 * @module
 */

import { parsePasswordHash } from "./password_hash.ts";
import { userNameFault } from "./user_name.ts";
import type { HashedUser } from "./users.ts";

/** Start of every hash. Any other text counts as a password. */
const SCHEME = "$scrypt$";

/**
 * Parses a users file.
 *
 * @param text Contents of the file.
 * @returns The users, in the order of their lines.
 * @throws {SyntaxError} If a line is malformed or a name occurs twice. The
 *   message reads `line 3, column 7: expected …` and does not repeat the line,
 *   which may contain a password.
 */
export function parseUsersFile(text: string): HashedUser[] {
  const users: HashedUser[] = [];
  const lineOf = new Map<string, number>();
  for (const [index, line] of text.split("\n").entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    const place = { line: index + 1, column: columnOf(line, content) };
    const user = parseLine(content, place);
    const before = lineOf.get(user.name);
    if (before !== undefined) {
      fail(place, `expected another name, this one is on line ${before}`);
    }
    lineOf.set(user.name, place.line);
    users.push(user);
  }
  return users;
}

interface Place {
  line: number;
  /** From 1, in characters. */
  column: number;
}

function parseLine(content: string, place: Place): HashedUser {
  const colon = content.indexOf(":");
  if (colon < 0) fail(place, "expected NAME:HASH");
  const name = content.slice(0, colon);
  const fault = userNameFault(name);
  if (fault !== undefined) fail(place, fault);
  const hash = content.slice(colon + 1);
  const column = place.column + [...name].length + 1;
  const hashPlace = { ...place, column };
  if (!hash.startsWith(SCHEME)) {
    fail(
      hashPlace,
      "expected a hash ($scrypt$…), not a password: 'sluice passwd NAME' makes the line",
    );
  }
  try {
    parsePasswordHash(hash);
  } catch (error) {
    fail(hashPlace, (error as SyntaxError).message);
  }
  return { name, hash };
}

function columnOf(line: string, content: string): number {
  return [...line.slice(0, line.indexOf(content))].length + 1;
}

function fail({ line, column }: Place, expected: string): never {
  throw new SyntaxError(`line ${line}, column ${column}: ${expected}`);
}
