import { assertEquals } from "@std/assert";
import {
  cleanEnvironment,
  makeFolder,
  onlyConnection,
  run,
  runOk,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";
import { startServer, type TestServer, writeAll } from "../support/sockets.ts";

/** What ssh knows the server by: the key of this name, whatever the port. */
const HOST_KEY_ALIAS = "sluice-test";

/** Makes the keys of a server and of the one client that it lets in. */
async function makeKeys(sshKeygen: string, folder: string): Promise<void> {
  for (const name of ["host", "client"]) {
    const path = `${folder}/${name}`;
    const type = ["-q", "-t", "ed25519", "-N", "", "-C", name];
    await runOk(sshKeygen, [...type, "-f", path]);
  }
  const [host, client] = await Promise.all(
    ["host", "client"].map((name) =>
      Deno.readTextFile(`${folder}/${name}.pub`)
    ),
  );
  const known = `${HOST_KEY_ALIAS} ${host}`;
  await Deno.writeTextFile(`${folder}/known_hosts`, known);
  await Deno.writeTextFile(`${folder}/authorized_keys`, client!);
  await Deno.writeTextFile(
    `${folder}/sshd_config`,
    [
      `HostKey ${folder}/host`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      "AuthenticationMethods publickey",
      "PermitRootLogin prohibit-password",
      // The folder lies under one that everybody may write to.
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      "",
    ].join("\n"),
  );
}

/** Lets a new sshd serve each connection, as inetd would. */
function startSshd(sshd: string, config: string): TestServer {
  // Only root's sshd separates privileges, and insists on this folder.
  if (Deno.uid() === 0) Deno.mkdirSync("/run/sshd", { recursive: true });
  return startServer(async (conn) => {
    await using child = new Deno.Command(sshd, {
      args: ["-i", "-f", config],
      clearEnv: true,
      env: cleanEnvironment(),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const fromClient = copyInto(child.stdin, conn);
    for await (const chunk of child.stdout) await writeAll(conn, chunk);
    await conn.closeWrite();
    await Promise.all([fromClient, child.status]);
  });
}

async function copyInto(
  stdin: WritableStream<Uint8Array>,
  conn: Deno.Conn,
): Promise<void> {
  const writer = stdin.getWriter();
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      await writer.write(buffer.slice(0, count));
    }
    await writer.close();
  } catch {
    await writer.abort().catch(() => {}); // Either end may leave first.
  }
}

interface Connection {
  nc: string;
  folder: string;
  proxy: TestProxy;
  server: TestServer;
}

/** Options that take ssh through the proxy, with the test's own keys. */
function sshOptions(connection: Connection): string[] {
  const { nc, folder, proxy, server } = connection;
  const { port } = proxy.addr;
  const options = {
    BatchMode: "yes",
    GlobalKnownHostsFile: "none",
    HostKeyAlias: HOST_KEY_ALIAS,
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    IdentityFile: `${folder}/client`,
    Port: String(server.addr.port),
    ProxyCommand: `${nc} -X 5 -x 127.0.0.1:${port} %h %p`,
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: `${folder}/known_hosts`,
  };
  return [
    ...["-F", "none", "-T"],
    ...Object.entries(options).flatMap(([name, value]) => [
      "-o",
      `${name}=${value}`,
    ]),
  ];
}

testPrograms({
  name: "ssh goes through nc -X 5, and carries 5 MB both ways",
  needs: ["ssh", "ssh-keygen", "sshd", "nc (OpenBSD)"],
  async fn({ ssh, sshd, "ssh-keygen": sshKeygen, "nc (OpenBSD)": nc }) {
    await using folder = await makeFolder();
    await makeKeys(sshKeygen, folder.path);
    await using server = startSshd(sshd, `${folder.path}/sshd_config`);
    await using proxy = await startTestProxy();
    const options = sshOptions({
      ...{ nc, proxy, server },
      folder: folder.path,
    });
    const data = new Uint8Array(5_000_000).map((_, index) =>
      Math.imul(index, 0x9e3779b1) >>> 24
    );
    const { code, stdout, stderr } = await run(
      ssh,
      [...options, "127.0.0.1", "echo begin; cat; exit 7"],
      { stdin: data },
    );
    assertEquals(code, 7, stderr);
    const begin = new TextEncoder().encode("begin\n");
    assertEquals(stdout.subarray(0, begin.length), begin);
    const returned = stdout.subarray(begin.length);
    assertEquals(returned.length, data.length);
    assertEquals(returned.every((byte, index) => byte === data[index]), true);
    const { target, sent, received, result } = await onlyConnection(proxy);
    assertEquals(target, `127.0.0.1:${server.addr.port}`);
    assertEquals(Math.min(sent, received) > data.length, true);
    assertEquals(result, "ok");
  },
});
