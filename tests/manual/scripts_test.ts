import { assertEquals } from "@std/assert";
import { blocksOf } from "../support/documents.ts";
import { makeFolder, run, testPrograms } from "../support/programs.ts";
import { cacheEnvironment } from "../support/sluice_commands.ts";

const PLAYER = new URL("../support/script_player.ts", import.meta.url).pathname;

/** Runs the words that follow in a network where every port is free. */
const APART = ["-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];

/** Plays a script; gives how that ended. */
async function play(unshare: string, script: string) {
  await using folder = await makeFolder();
  return await run(unshare, [
    ...[...APART, Deno.execPath(), "run", "-A", "--no-check", PLAYER],
    folder.path,
  ], { stdin: script, env: cacheEnvironment() });
}

for (const { text, where } of blocksOf("script")) {
  testPrograms({
    name: `${where} does what its lines say, to their ends`,
    needs: ["curl", "ip", "openssl", "unshare", "unshare (network)"],
    async fn({ unshare }) {
      const { code, stderr, text: said } = await play(unshare, text);
      assertEquals(code, 0, said + stderr);
    },
  });
}

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
    async fn({ unshare }) {
      assertEquals((await play(unshare, script)).code, 1);
    },
  });
}
