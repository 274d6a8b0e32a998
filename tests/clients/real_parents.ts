/**
 * Debian's Squid and tinyproxy as parents.
 *
 * @module
 */

import { type ProgramServer, serveProgram } from "../support/program_server.ts";
import { makeFolder } from "../support/programs.ts";
import { closedPort } from "../support/sockets.ts";

/** Credentials for a parent. */
export interface ParentLogin {
  username: string;
  /** Always the same, because its hash stands below. */
  password: "s3cret";
}

/** Output of `openssl passwd -apr1 -salt sluice s3cret`. */
const HASH = "$apr1$sluice$cwgAm2JKN6YqJViXcMZNd0";

/** Paths of Debian's configurations. */
const CONFIG = {
  squid: "/etc/squid/squid.conf",
  tinyproxy: "/etc/tinyproxy/tinyproxy.conf",
} as const;

/** Path of Squid's helper on Debian. */
const CHECK_PASSWORD = "/usr/lib/squid/basic_ncsa_auth";

/**
 * Starts Squid on a free port of 127.0.0.1 with Debian's configuration, except
 * for the port, the files that only its user can write, and the login.
 */
export async function startSquid(
  path: string,
  login?: ParentLogin,
): Promise<ProgramServer> {
  const folder = await makeFolder();
  const port = closedPort();
  // Its shared memory has this name, and remains when it is killed.
  const name = `sluice${port}`;
  let text = await Deno.readTextFile(CONFIG.squid);
  text = text.replace(/^http_port .*$/m, `http_port 127.0.0.1:${port}`);
  if (login !== undefined) {
    // Squid's own user reads the folder.
    await Deno.chmod(folder.path, 0o755);
    const users = `${folder.path}/users`;
    await Deno.writeTextFile(users, `${login.username}:${HASH}\n`);
    text = text.replace(
      /^http_access allow localhost$/m,
      `auth_param basic program ${CHECK_PASSWORD} ${users}
auth_param basic children 1
acl known proxy_auth REQUIRED
http_access allow known`,
    );
  }
  const config = `${folder.path}/squid.conf`;
  await Deno.writeTextFile(
    config,
    `${text}
access_log none
cache_log /dev/null
coredump_dir ${folder.path}
pid_filename none
pinger_enable off
visible_hostname squid.test
`,
  );
  const args = ["-N", "-n", name, "-f", config];
  const server = await serveProgram(path, args, { port, folder });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      for await (const { name: file } of Deno.readDir("/dev/shm")) {
        if (!file.startsWith(`${name}-`)) continue;
        await Deno.remove(`/dev/shm/${file}`);
      }
    },
  };
}

/** Starts tinyproxy in the same way. */
export async function startTinyproxy(
  path: string,
  login?: ParentLogin,
): Promise<ProgramServer> {
  const folder = await makeFolder();
  const port = closedPort();
  const text = await Deno.readTextFile(CONFIG.tinyproxy);
  const config = `${folder.path}/tinyproxy.conf`;
  const lines = [
    text.replace(/^(?:Port|LogFile|PidFile) .*$/gm, ""),
    `Port ${port}`,
    "Listen 127.0.0.1",
    ...(login === undefined
      ? []
      : [`BasicAuth ${login.username} ${login.password}`]),
    "",
  ];
  await Deno.writeTextFile(config, lines.join("\n"));
  return await serveProgram(path, ["-d", "-c", config], { port, folder });
}
