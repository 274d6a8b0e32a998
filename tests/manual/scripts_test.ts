import { assertEquals } from "@std/assert";
import { blocksOf, documentAt } from "../support/documents.ts";
import { testPrograms } from "../support/programs.ts";
import { type Answer, sharedCommands } from "../support/sluice_commands.ts";

const PLAYER = new URL("./script_player.ts", import.meta.url).pathname;

/**
 * Plays one script after another in a network where every port is free. If
 * `unshare` is missing it ends, and every test is ignored.
 */
const player = sharedCommands([
  ...["/bin/sh", "-c", 'exec unshare -rn sh -c "$0" sh "$@"'],
  'ip link set lo up && exec "$@"',
  ...[Deno.execPath(), "run", "-A", "--no-check", PLAYER],
]);

/** Plays a script; gives how that ended. */
function play(script: string): Promise<Answer> {
  return player.run({ args: [script], patience: 90_000 });
}

for (const { text, where } of blocksOf("script")) {
  testPrograms({
    name: `${where} does what its lines say, to their ends`,
    needs: ["curl", "ip", "openssl", "unshare", "unshare (network)"],
    async fn() {
      const { code, stderr, text: said } = await play(text);
      assertEquals(code, 0, said + stderr);
    },
  });
}

/** Programs of the table in the README that need no server but a page. */
const CLIENTS = ["curl", "wget", "ncat", "programs that heed it"];

/** What is typed for a program, with each of the schemes that its row names. */
function linesFor(program: string): string[] {
  const row = documentAt("README.md").split("\n")
    .find((line) => line.startsWith(`| ${program} `))!;
  const [line, ...schemes] = [...row.matchAll(/`([^`]+)`/g)]
    .map(([, code]) => code!);
  const others = schemes.map((scheme) =>
    line!.replace(/\b\w+:\/\/(?=127)/, scheme)
  );
  return [line!, ...others].map((line) =>
    line.startsWith("export")
      ? `${line}; curl -sS http://localhost:8000/`
      : line.replace(/ URL$/, " http://localhost:8000/")
        .replace(/^(.*) HOST PORT$/, "echo hello | $1 localhost 8080")
  );
}

// One test for all, because their servers are the same.
testPrograms({
  name: `README.md has lines that work for ${CLIENTS.join(", ")}`,
  needs: ["curl", "ip", "ncat", "unshare", "unshare (network)", "wget"],
  async fn() {
    const lines = CLIENTS.flatMap(linesFor);
    const script = ["sluice", "sluice echo 8080", ...lines];
    const { code, stderr, text } = await play(script.join("\n"));
    assertEquals(code, 0, text + stderr);
  },
});

const FAULTS = {
  "a line that fails": "sluice --no-such-option x --help",
  "a server that does not start": "sluice --listen 127.0.0.1:1:2",
  "a proxy that refuses":
    "sluice --rule 'default deny'\ncurl -sS -x http://127.0.0.1:1080 http://localhost:8000/",
};

for (const [fault, script] of Object.entries(FAULTS)) {
  testPrograms({
    name: `scripts of the documents fail at ${fault}`,
    needs: ["curl", "ip", "unshare", "unshare (network)"],
    async fn() {
      assertEquals((await play(script)).code, 1);
    },
  });
}
