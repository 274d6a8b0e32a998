import { assertEquals, assertThrows } from "@std/assert";
import { parseUsersFile } from "../../../lib/policy/users/users_file.ts";

const HASH = "$scrypt$ln=1,r=1,p=1$c2FsdHNhbHRzYWx0$AAECAwQFBgcICQoLDA0ODw";
const OTHER = "$scrypt$ln=1,r=1,p=1$c2FsdHNhbHRzYWx0$BBECAwQFBgcICQoLDA0ODw";

const FILES: { what: string; text: string; names: string[] }[] = [
  { what: "nothing", text: "", names: [] },
  { what: "a comment", text: "# nobody yet\n", names: [] },
  { what: "one user", text: `alice:${HASH}\n`, names: ["alice"] },
  { what: "a last line without a line end", text: `a:${HASH}`, names: ["a"] },
  { what: "the line ends of Windows", text: `a:${HASH}\r\n\r\n`, names: ["a"] },
  {
    what: "comments, blank lines and surrounding spaces",
    text: `# users\n\n  # of May\n  alice:${HASH}  \n\t\nbob:${OTHER}\n#end`,
    names: ["alice", "bob"],
  },
  {
    what: "names of all kinds",
    text: ["Zoë", "al ice", "__proto__", "a#b"].map((name) => `${name}:${HASH}`)
      .join("\n"),
    names: ["Zoë", "al ice", "__proto__", "a#b"],
  },
];

for (const { what, text, names } of FILES) {
  Deno.test(`parseUsersFile() parses ${what}`, () => {
    const users = parseUsersFile(text);
    assertEquals(users.map(({ name }) => name), names);
    for (const { hash } of users) {
      assertEquals([HASH, OTHER].includes(hash), true);
    }
  });
}

const NO_PASSWORD =
  "expected a hash ($scrypt$…), not a password: 'sluice passwd NAME' makes the line";

const BROKEN: { what: string; text: string; message: string }[] = [
  {
    what: "a missing colon",
    text: "# one\nhunter2",
    message: "line 2, column 1: expected NAME:HASH",
  },
  {
    what: "a password",
    text: "alice:hunter2",
    message: `line 1, column 7: ${NO_PASSWORD}`,
  },
  {
    what: "a missing password",
    text: "alice:",
    message: `line 1, column 7: ${NO_PASSWORD}`,
  },
  {
    what: "a hash of another kind",
    text: "alice:$2y$05$hunter2",
    message: `line 1, column 7: ${NO_PASSWORD}`,
  },
  {
    what: "a truncated hash",
    text: `a:${HASH}\n\n  Zoë🦀:${HASH.slice(0, 30)}`,
    message: "line 3, column 8: expected $scrypt$ln=…,r=…,p=…$SALT$HASH",
  },
  {
    what: "a hash with a comment",
    text: `a:${HASH} # hunter2`,
    message: "line 1, column 3: expected $scrypt$ln=…,r=…,p=…$SALT$HASH",
  },
  {
    what: "a hash that costs too much",
    text: `a:${HASH.replace("ln=1,", "ln=20,")}`.replace("r=1", "r=8"),
    message:
      "line 1, column 3: expected a hash that costs at most 128 MiB and N · r · p = 2^21",
  },
  {
    what: "a missing name",
    text: ` :${HASH}`,
    message: "line 1, column 2: expected a name of 1 to 255 bytes, not 0",
  },
  {
    what: "a long name",
    text: `${"n".repeat(256)}:${HASH}`,
    message: "line 1, column 1: expected a name of 1 to 255 bytes, not 256",
  },
  {
    what: "a name with a space at its end",
    text: `alice :${HASH}`,
    message: "line 1, column 1: expected a name without spaces around it",
  },
  {
    what: "a duplicate name",
    text: `a:${HASH}\nb:${HASH}\na:${OTHER}`,
    message: "line 3, column 1: expected another name, this one is on line 1",
  },
];

for (const { what, text, message } of BROKEN) {
  Deno.test(`parseUsersFile() reports the place of ${what}`, () => {
    const error = assertThrows(() => parseUsersFile(text), SyntaxError);
    assertEquals(error.message, message);
    assertEquals(error.message.includes("hunter2"), false);
  });
}

Deno.test("parseUsersFile() refuses every prefix of a line", () => {
  const line = `alice:${HASH}`;
  for (let length = 1; length < line.length; length++) {
    // A hash of 16 bytes has 22 characters, and shorter ones are refused.
    assertThrows(() => parseUsersFile(line.slice(0, length)), SyntaxError);
  }
});
