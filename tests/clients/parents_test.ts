import { assertEquals } from "@std/assert";
import { parseParent } from "../../lib/wire/parent_url.ts";
import { eventually } from "../support/dialogue.ts";
import {
  cleanEnvironment,
  makeFolder,
  run,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { closedPort } from "../support/sockets.ts";

const PAGE = "through three proxies";

/** A server in a process of its own; it has a port that was free. */
interface Started extends AsyncDisposable {
  readonly port: number;
}

async function start(
  command: string,
  argsFor: (port: number) => string[] | Promise<string[]>,
): Promise<Started> {
  const port = closedPort();
  const child = new Deno.Command(command, {
    args: await argsFor(port),
    env: cleanEnvironment(),
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  if (!await eventually(() => accepts(port))) {
    throw new Error(`${command} does not listen`);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended.
      }
      await child.status;
    },
  };
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

function dantedConfig(port: number): string {
  return `logoutput: /dev/null
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
`;
}

testPrograms({
  name: "curl loads a page through a chain of Dante, Sluice and microsocks",
  needs: ["curl", "danted", "microsocks"],
  async fn({ curl, danted, microsocks }) {
    await using page = startHttp(() => new Response(PAGE));
    await using folder = await makeFolder();
    await using first = await start(danted, async (port) => {
      const path = `${folder.path}/danted.conf`;
      await Deno.writeTextFile(path, dantedConfig(port));
      return ["-f", path];
    });
    await using middle = await startTestProxy();
    const login = ["-u", "alice", "-P", "s3cret"];
    await using last = await start(
      microsocks,
      (port) => ["-i", "127.0.0.1", "-p", String(port), ...login],
    );
    const urls = [
      `socks5://127.0.0.1:${first.port}`,
      `http://127.0.0.1:${middle.addr.port}`,
      `socks5h://alice:s3cret@127.0.0.1:${last.port}`,
    ];
    const chain = (list: string[]) => ({ via: [list.map(parseParent)] });
    const load = async (list: string[], target: string) => {
      await using proxy = await startTestProxy({ parents: chain(list) });
      const at = `127.0.0.1:${proxy.addr.port}`;
      const args = ["-q", "-sS", "-x", `socks5h://${at}`, target];
      return { ...await run(curl, args), ended: await proxy.whenEnded(1) };
    };
    const url = `http://127.0.0.1:${page.addr.port}/`;
    const { text, stderr } = await load(urls, url);
    assertEquals(text, PAGE, stderr);

    // Each hop that fails, and what the client is told: 1, and 5 of the last.
    const dead = `127.0.0.1:${closedPort()}`;
    const failures: [string[], string, string][] = [
      [[`socks5://${dead}`, urls[1]!, urls[2]!], url, "(1)"],
      [[urls[0]!, `http://${dead}`, urls[2]!], url, "(1)"],
      [[urls[0]!, urls[1]!, `socks5://${dead}`], url, "(1)"],
      [urls.with(2, urls[2]!.replace("s3cret", "wrong")), url, "(1)"],
      [urls, `http://${dead}/`, "(5)"],
    ];
    for (const [list, target, code] of failures) {
      const { stderr, ended } = await load(list, target);
      assertEquals(/\(\d+\)\s*$/.exec(stderr)?.[0].trim(), code, stderr);
      assertEquals(ended[0]!.result, "failed");
    }
  },
});
