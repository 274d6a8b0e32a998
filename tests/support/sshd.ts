/**
 * OpenSSH's server for tests, with its own keys.
 *
 * @module
 */

import { cleanEnvironment, runOk } from "./programs.ts";
import { startServer, type TestServer, writeAll } from "./sockets.ts";

/** The server's host key name for ssh, whatever the port. */
const HOST_KEY_ALIAS = "sluice-test";

/** Creates the keys of a server and of its only client. */
export async function makeKeys(
  sshKeygen: string,
  folder: string,
): Promise<void> {
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
      // Everyone may write to the parent of this folder.
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      "",
    ].join("\n"),
  );
}

/** Starts a new sshd for each connection, like inetd. */
export function startSshd(sshd: string, config: string): TestServer {
  // Only root's sshd separates privileges, and requires this folder.
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
    await writer.abort().catch(() => {}); // Either end may close first.
  }
}

/** Options that connect ssh through a command, with the test's keys. */
export function sshOptions(
  folder: string,
  server: TestServer,
  proxyCommand: string,
): string[] {
  const options = {
    BatchMode: "yes",
    GlobalKnownHostsFile: "none",
    HostKeyAlias: HOST_KEY_ALIAS,
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    IdentityFile: `${folder}/client`,
    Port: String(server.addr.port),
    ProxyCommand: proxyCommand,
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
