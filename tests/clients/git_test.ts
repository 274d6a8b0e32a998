import { assertEquals } from "@std/assert";
import {
  makeFolder,
  runOk,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { within } from "../support/sockets.ts";

/** Nothing of what the user has configured. */
const ENV = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
};

const AUTHOR = ["-c", "user.name=Alice", "-c", "user.email=alice@example.com"];

/** Makes a bare repository with one commit, ready for dumb HTTP. */
async function makeRepository(git: string, folder: string): Promise<void> {
  const source = `${folder}/source`;
  const bare = `${folder}/repository.git`;
  const steps = [
    ["init", "-q", source],
    ["-C", source, "add", "."],
    ["-C", source, ...AUTHOR, "commit", "-q", "-m", "First"],
    ["clone", "-q", "--bare", source, bare],
    ["-C", bare, "update-server-info"],
  ];
  await Deno.mkdir(source);
  await Deno.writeTextFile(`${source}/file.txt`, "through the proxy\n");
  for (const args of steps) await runOk(git, args, { env: ENV });
}

/** Serves the files of a folder. */
async function serveFile(folder: string, url: string): Promise<Response> {
  try {
    const path = `${folder}${new URL(url).pathname}`;
    return new Response(await Deno.readFile(path));
  } catch {
    return new Response(null, { status: 404 });
  }
}

testPrograms({
  name: "git clones over HTTP through http.proxy",
  needs: ["git"],
  async fn({ git }) {
    await using folder = await makeFolder();
    await makeRepository(git, folder.path);
    await using server = startHttp(({ url }) => serveFile(folder.path, url));
    await using proxy = await startTestProxy();
    const { port } = server.addr;
    const clone = `${folder.path}/clone`;
    await runOk(git, [
      ...["-c", `http.proxy=socks5h://127.0.0.1:${proxy.addr.port}`],
      ...["clone", "-q", `http://localhost:${port}/repository.git`, clone],
    ], { env: ENV });
    const file = await Deno.readTextFile(`${clone}/file.txt`);
    assertEquals(file, "through the proxy\n");
    for (const event of await within(10_000, proxy.whenEnded(1))) {
      const { target, address, result } = event;
      assertEquals(target, `localhost:${port}`);
      assertEquals(address, `127.0.0.1:${port}`);
      assertEquals(result, "ok");
    }
  },
});
