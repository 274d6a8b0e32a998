import { assertEquals, assertStringIncludes } from "@std/assert";
import { BROWSER_OPTIONS } from "../support/browser.ts";
import {
  makeFolder,
  run,
  runOk,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { CERTIFICATE, KEY } from "../support/tls_identity.ts";

const PAGE = "through the proxy";

/** Serves the files of a folder. */
async function serveFile(folder: string, url: string): Promise<Response> {
  try {
    return new Response(
      await Deno.readFile(`${folder}${new URL(url).pathname}`),
    );
  } catch {
    return new Response(null, { status: 404 });
  }
}

/** Registers a test of a program that is always in one place. */
function testProgram(path: string, name: string, fn: () => Promise<void>) {
  let isThere = true;
  try {
    Deno.statSync(path);
  } catch {
    isThere = false;
  }
  const why = isThere ? "" : ` (ignored: needs ${path})`;
  Deno.test({ name: `${name}${why}`, ignore: !isThere, fn });
}

testProgram("/usr/bin/wget", "wget gets pages through http_proxy", async () => {
  await using server = startHttp(() => new Response(PAGE));
  await using proxy = await startTestProxy({
    users: [{ name: "alice", password: "secret" }],
  });
  const url = `http://localhost:${server.addr.port}/`;
  const text = await runOk(
    "/usr/bin/wget",
    ["--no-config", "-q", "-O", "-", `${url}a`, `${url}b`],
    { env: { http_proxy: `http://alice:secret@127.0.0.1:${proxy.addr.port}` } },
  );
  assertEquals(text, PAGE + PAGE);
});

testProgram(
  "/usr/bin/apt-get",
  "apt-get update reads a repository through Acquire::http::Proxy",
  async () => {
    await using folder = await makeFolder();
    const { path } = folder;
    await Deno.mkdir(`${path}/site`);
    await Deno.writeTextFile(
      `${path}/site/Packages`,
      "Package: sluice-test\nVersion: 1\nArchitecture: all\nMaintainer: A <a@a.test>\nFilename: a.deb\nSize: 1\nDescription: x\n",
    );
    for (const name of ["lists/partial", "cache/partial", "etc"]) {
      await Deno.mkdir(`${path}/${name}`, { recursive: true });
    }
    await Deno.writeTextFile(`${path}/status`, "");
    await using server = startHttp(({ url }) => serveFile(`${path}/site`, url));
    await using proxy = await startTestProxy();
    await Deno.writeTextFile(
      `${path}/sources.list`,
      `deb [trusted=yes] http://localhost:${server.addr.port}/ ./\n`,
    );
    const options = [
      `Acquire::http::Proxy=http://127.0.0.1:${proxy.addr.port}`,
      "APT::Sandbox::User=",
      "Acquire::Languages=none",
      `Dir::Etc=${path}/etc`,
      `Dir::Etc::sourcelist=${path}/sources.list`,
      `Dir::Etc::sourceparts=-`,
      `Dir::State=${path}`,
      `Dir::State::Lists=${path}/lists`,
      `Dir::State::status=${path}/status`,
      `Dir::Cache=${path}/cache`,
      `Dir::Log=${path}`,
    ].flatMap((option) => ["-o", option]);
    await runOk("/usr/bin/apt-get", [...options, "update"]);
    const found = await runOk("/usr/bin/apt-cache", [
      ...options,
      "show",
      "sluice-test",
    ]);
    assertStringIncludes(found, "Version: 1");
  },
);

testPrograms({
  name: "git clones over HTTP through an HTTP proxy",
  needs: ["git"],
  async fn({ git }) {
    await using folder = await makeFolder();
    const env = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
    const source = `${folder.path}/source`;
    const bare = `${folder.path}/repository.git`;
    const author = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
    await Deno.mkdir(source);
    await Deno.writeTextFile(`${source}/file.txt`, PAGE);
    for (
      const args of [
        ["init", "-q", source],
        ["-C", source, "add", "."],
        ["-C", source, ...author, "commit", "-q", "-m", "First"],
        ["clone", "-q", "--bare", source, bare],
        ["-C", bare, "update-server-info"],
      ]
    ) await runOk(git, args, { env });
    await using server = startHttp(({ url }) => serveFile(folder.path, url));
    await using proxy = await startTestProxy();
    const clone = `${folder.path}/clone`;
    await runOk(git, [
      ...["-c", `http.proxy=http://127.0.0.1:${proxy.addr.port}`, "clone"],
      ...["-q", `http://localhost:${server.addr.port}/repository.git`, clone],
    ], { env });
    assertEquals(await Deno.readTextFile(`${clone}/file.txt`), PAGE);
  },
});

testPrograms({
  name: "lftp gets a file over https, whose CONNECT has no Host",
  needs: ["lftp"],
  async fn({ lftp }) {
    await using folder = await makeFolder();
    await using server = Deno.serve({
      ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
      ...{ cert: CERTIFICATE, key: KEY },
    }, () => new Response(PAGE));
    await using proxy = await startTestProxy();
    const text = await runOk(lftp, [
      ...["--norc", "-c"],
      [
        "set ssl:verify-certificate no",
        "set net:max-retries 1",
        `set https:proxy http://127.0.0.1:${proxy.addr.port}/`,
        `cat https://127.0.0.1:${server.addr.port}/file`,
      ].join("; "),
    ], { env: { HOME: folder.path } });
    assertEquals(text, PAGE);
    const [record] = await proxy.whenEnded(1);
    assertEquals(record!.protocol, "http-connect");
  },
});

testPrograms({
  name: "chromium --proxy-server=http:// loads a page",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": chromium }) {
    await using folder = await makeFolder();
    await using server = startHttp(({ url }) =>
      url.endsWith(".js")
        ? new Response("document.title = 'through ' + 'the proxy';")
        : new Response("<title>?</title><script src=script.js></script>", {
          headers: { "content-type": "text/html" },
        })
    );
    await using proxy = await startTestProxy();
    const { text, stderr } = await run(chromium, [
      ...BROWSER_OPTIONS,
      `--user-data-dir=${folder.path}`,
      `--proxy-server=http://127.0.0.1:${proxy.addr.port}`,
      // Only loopback goes through, which by default would go past.
      "--proxy-bypass-list=*;<-loopback>",
      ...["--dump-dom", `http://localhost:${server.addr.port}/`],
    ], { env: { HOME: folder.path } });
    assertStringIncludes(text, "<title>through the proxy</title>", stderr);
  },
});
