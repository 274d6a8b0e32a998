import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import { makeFolder, run, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { closedPort } from "../support/sockets.ts";

/** Python's own client sends a request whole before it reads the answer. */
const UPLOAD = `
import http.client, sys
proxy, at, login = sys.argv[1:]
client = http.client.HTTPConnection("127.0.0.1", int(proxy), timeout=20)
fields = {"Proxy-Authorization": "Basic " + login} if login else {}
client.request("POST", "http://%s/" % at, b"x" * 20_000_000, fields)
answer = client.getresponse()
print(answer.status, answer.read().decode().strip())
`;

const USERS = [{ name: "alice", password: "secret" }];

/** HAProxy as an origin that takes no uploads. */
async function startRefusing(
  path: string,
): Promise<{ port: number } & AsyncDisposable> {
  const folder = await makeFolder();
  const port = closedPort();
  await Deno.writeTextFile(
    `${folder.path}/haproxy.cfg`,
    `defaults
  mode http
  timeout connect 10s
  timeout client 10s
  timeout server 10s
frontend none
  bind 127.0.0.1:${port}
  http-request return status 413 content-type text/plain string "too big"
`,
  );
  const child = new Deno.Command(path, {
    args: ["-db", "-f", `${folder.path}/haproxy.cfg`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const isUp = () =>
    Deno.connect({ port }).then((conn) => (conn.close(), true), () => false);
  assert(await eventually(isUp));
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await folder[Symbol.asyncDispose]();
    },
  };
}

testPrograms({
  name: "python3 reads why its upload was refused, by HAProxy and by the proxy",
  needs: ["haproxy", "python3"],
  async fn({ haproxy, python3 }) {
    await using origin = await startRefusing(haproxy);
    await using proxy = await startTestProxy({ users: USERS });
    const upload = (at: string, login: string) =>
      run(python3, ["-c", UPLOAD, String(proxy.addr.port), at, btoa(login)]);
    const at = `127.0.0.1:${origin.port}`;
    const early = await upload(at, "alice:secret");
    assertEquals([early.text, early.stderr], ["413 too big\n", ""]);
    const wrong = await upload(at, "alice:wrong");
    assertEquals(
      [wrong.text, wrong.stderr],
      ["407 Wrong user name or password\n", ""],
    );
    const missing = await upload(at, "");
    assertMatch(missing.text, /^407 /);
    const dead = await upload(`127.0.0.1:${closedPort()}`, "alice:secret");
    assertMatch(dead.text, /^502 /);
  },
});

testPrograms({
  name: "curl reads why its upload was refused, by HAProxy and by the proxy",
  needs: ["haproxy", "curl"],
  async fn({ haproxy, curl }) {
    await using origin = await startRefusing(haproxy);
    await using proxy = await startTestProxy({ users: USERS });
    await using folder = await makeFolder();
    const file = `${folder.path}/upload`;
    await Deno.writeFile(file, new Uint8Array(20_000_000));
    for (
      const [login, answer] of [
        ["alice:secret", "too big413"],
        ["alice:wrong", "Wrong user name or password\n407"],
      ] as const
    ) {
      const got = await run(curl, [
        ...["-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`],
        ...["-U", login, "-H", "Expect:", "-H", "Transfer-Encoding: chunked"],
        ...["-T", file, "-w", "%{http_code}"],
        `http://127.0.0.1:${origin.port}/`,
      ]);
      assertEquals([got.text, got.stderr], [answer, ""]);
    }
  },
});
