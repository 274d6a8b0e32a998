import { assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";
import { documentAt } from "../support/documents.ts";

const { options } = await COMMANDS["proxy"]!.load();

/** How the text says what is short in a table. */
const WORDS: Readonly<Record<string, string>> = {
  "1m": "a minute",
  "2m": "two minutes",
  "10m": "10 minutes",
  "15m": "15 minutes",
  "10s": "10 s",
  "30s": "30 s",
  "5m": "five minutes",
  "10": "ten",
};

/** The default of an option of the proxy, as its declaration or help has it. */
function initial(name: string): string {
  const option = options[name]!;
  return option.default ?? /\(default (\d+)/.exec(option.help)![1]!;
}

/** The same in words. */
function inWords(name: string): string {
  return WORDS[initial(name)] ?? initial(name);
}

/** The same with its thousands apart. */
function grouped(name: string): string {
  return Number(initial(name)).toLocaleString("en");
}

/** What documents say of defaults outside the tables of options. */
const CLAIMS: readonly (readonly [path: string, claim: string])[] = [
  [
    "README.md",
    `bans the address after ${initial("ban-after")} wrong ones in ${
      inWords("ban-window")
    }`,
  ],
  [
    "README.md",
    `${grouped("max-connections-per-client")} from one address, ${
      grouped("max-connections")
    } in all; ${inWords("handshake-timeout")} for a handshake`,
  ],
  [
    "lib/manual/security.md",
    `${grouped("max-connections-per-client")} at once from one address`,
  ],
  [
    "lib/manual/security.md",
    `${grouped("max-connections")} in all, and no more than`,
  ],
  [
    "lib/manual/security.md",
    `${inWords("handshake-timeout")} for the whole handshake, ${
      inWords("idle-timeout")
    } for a tunnel without a byte`,
  ],
  [
    "lib/manual/users.md",
    `wrong passwords from one address within ${
      inWords("ban-window")
    } ban it for ${inWords("ban-time")}`,
  ],
  ["lib/manual/users.md", `up to ${inWords("ban-time-max")}`],
  [
    "lib/manual/server.md",
    `A stop waits ${inWords("drain-timeout")} for open tunnels`,
  ],
  [
    "lib/manual/migration.md",
    `| ${grouped("backlog")}, or \`--backlog\` `,
  ],
];

for (const [path, claim] of CLAIMS) {
  Deno.test(`${path} says '${claim}', as the options have it`, () => {
    const text = documentAt(path).replaceAll(/\s+/g, " ");
    assertStringIncludes(text, claim);
  });
}
