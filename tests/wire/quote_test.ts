import { assertEquals } from "@std/assert";
import { escape } from "../../lib/observe/escape.ts";
import { quote, quoteIn } from "../../lib/wire/quote.ts";

Deno.test("quote() repeats short plain text", () => {
  const texts = [
    ...["", "a", "prot", "10.0.0.0/8", "[2001:db8::1]:1080", "*.example.com"],
    ...["Zoë", "日本語", "/^track\\d*\\./", "with space", "it's", '"x"'],
    "ec2-203-0-113-25.compute-1.example.com",
    "a".repeat(40),
  ];
  for (const text of texts) assertEquals(quote(text), `'${text}'`);
});

Deno.test("quote() repeats at most 40 characters of the screen", () => {
  assertEquals(quote("a".repeat(41)), `'${"a".repeat(40)}…'`);
  const nasty = [
    "\0",
    "\x1b",
    "\x9b",
    "\u202e",
    "\ufe0f",
    "\u{e0041}",
    "\ud800",
  ];
  for (const character of nasty) {
    const quoted = escape(quote(character.repeat(50)));
    assertEquals(quoted.length <= 43, true, quoted);
    assertEquals(quoted.endsWith("…'"), true, quoted);
  }
  // It splits no character.
  assertEquals(quote(`${"a".repeat(39)}🦀🦀`), `'${"a".repeat(39)}🦀…'`);
});

Deno.test("quote() repeats nothing of a hash, a key or a password", () => {
  const secrets = [
    "alice:$scrypt$ln=14,r=8,p=1$abcd$efgh",
    "$2b$12$abc",
    "$apr1$x$y",
    "alice:{SSHA}abcd",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2",
    "-----BEGIN PRIVATE KEY-----",
  ];
  for (const text of secrets) assertEquals(quote(text), "(hidden)");
  const logins = [
    ["socks5://alice:hush@host:1080", "'socks5://(hidden)@host:1080'"],
    ["alice:hush@host", "'(hidden)@host'"],
    ["a=http://b:c@h,http://d:e@i", "'a=http://(hidden)@h,http://(hidden)@i'"],
  ];
  for (const [text, want] of logins) assertEquals(quote(text!), want);
});

Deno.test("quote() repeats an @ in the path of a Unix socket", () => {
  for (const text of ["unix:@name", "unix:/run/a@1.sock,mode=9"]) {
    assertEquals(quote(text), `'${text}'`);
    assertEquals(quote(`a=${text}`), `'a=${text}'`);
  }
  assertEquals(quote("unix:hush@host"), "'(hidden)@host'");
  assertEquals(quote("munix:/hush@host"), "'(hidden)@host'");
});

Deno.test("quoteIn() shortens the texts that a message quotes", () => {
  const long = "$&".repeat(30);
  assertEquals(
    quoteIn(`'${long}' is no 'x' such as 'y'`, ["x", long]),
    `'${"$&".repeat(20)}…' is no 'x' such as 'y'`,
  );
});
