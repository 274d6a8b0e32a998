import { assertEquals } from "@std/assert";
import { FORWARD_OPTIONS } from "../../lib/forward/options.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import {
  describeValues,
  redact,
  redactArguments,
  redactFault,
} from "../../lib/cli/redaction.ts";

Deno.test("redact() keeps references and names but no secret", () => {
  const table: [text: string, shown: string][] = [
    ["env:NAME", "env:NAME"],
    ["alice:file:/run/secret", "alice:file:/run/secret"],
    ["alice:se:cret", "alice:(hidden)"],
    ["token", "(hidden)"],
    ["socks5://proxy:1080", "socks5://proxy:1080"],
    ["socks5://alice@proxy", "socks5://alice@proxy"],
    ["http://alice:secret@proxy:80", "http://alice:(hidden)@proxy:80"],
    ["http://alice:sec@ret@proxy", "http://alice:(hidden)@proxy"],
    [
      "socks5://a:secret@one,http://b:secret@two",
      "socks5://a:(hidden)@one,http://b:(hidden)@two",
    ],
    ["corp=socks5://a:secret@one", "corp=socks5://a:(hidden)@one"],
    [
      "http://a:sec,ret@one,http://b:secret@two",
      "http://a:(hidden)@one,http://b:(hidden)@two",
    ],
  ];
  for (const [text, shown] of table) {
    for (const kind of ["secret", "url"] as const) {
      assertEquals(redact({ kind }, text), shown);
    }
  }
});

Deno.test("redact() keeps values that are not declared as secret", () => {
  const table = ["alice:pass", "/run/token", "127.0.0.1:1080"];
  for (const text of table) assertEquals(redact({ kind: "text" }, text), text);
});

Deno.test("describeValues() returns the values of a file without secrets", async () => {
  const args = [
    ...["--user", "alice:hush", "--user", "bob:hush"],
    ...["--via", "socks5://bob:hush@proxy.example:1080"],
    ...["--parent", "office=http://x:hush@far"],
    ...["--rule", "deny to private", "--admin-token-file", "token.txt"],
    ...["--admin", "9090", "--open", "--idle-timeout", "5s"],
  ];
  const { listen, ...described } = describeValues(
    await parseOptions(args, PROXY_OPTIONS),
  );
  assertEquals(listen, undefined); // Its default cannot be written.
  assertEquals(JSON.stringify(described).includes("hush"), false);
  const expected = {
    "user": ["alice:(hidden)", "bob:(hidden)"],
    "via": ["socks5://bob:(hidden)@proxy.example:1080"],
    "parent": ["office=http://x:(hidden)@far"],
    "rule": ["deny to private"],
    "admin-token-file": "token.txt",
    "admin": 9090,
    "open": true,
    "quiet": false,
    "idle-timeout": "5s",
    "dns-cache": 4096,
    "log": "text",
    "help": undefined,
    "users": undefined,
  };
  for (const [name, value] of Object.entries(expected)) {
    assertEquals(described[name], value, name);
  }
});

Deno.test("describeValues() returns nothing when the values have no source", () => {
  assertEquals(describeValues({ password: "hush" }), {});
});

Deno.test("redactArguments() replaces secrets with PASSWORD", () => {
  const args = [
    ...["--user", "alice:hush", "--user=bob:hush", "--listen", "1080"],
    ...["--via=http://a:hush@b", "--quiet", "--rules", "hush:file"],
  ];
  assertEquals(redactArguments(args, PROXY_OPTIONS), [
    ...["--user", "alice:PASSWORD", "--user=bob:PASSWORD"],
    ...["--listen", "1080", "--via=http://a:PASSWORD@b", "--quiet"],
    ...["--rules", "hush:file"],
  ]);
  assertEquals(redactArguments(["--via", "http://a:b@c"], FORWARD_OPTIONS), [
    "--via",
    "http://a:PASSWORD@c",
  ]);
});

Deno.test("redactFault() hides a secret in any message of the parser", () => {
  const { user, listen } = PROXY_OPTIONS;
  const message = "'alice:hush' is wrong";
  assertEquals(
    redactFault(user, ["alice:hush"], message),
    "expected NAME:PASSWORD",
  );
  assertEquals(redactFault(listen, ["alice:hush"], message), message);
});
