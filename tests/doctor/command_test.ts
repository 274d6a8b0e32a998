import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Finding, Level } from "../../lib/doctor/finding.ts";
import { makeFolder } from "../support/programs.ts";
import { HAS_RESETS } from "../support/reset_ends.ts";
import { Sluice, startPrinted } from "../support/sluice.ts";
import {
  type Answer,
  answeringWords,
  Commands,
  sharedCommands,
  sluice,
} from "../support/sluice_commands.ts";
import { makeAuthority } from "../support/certificates.ts";
import { CERTIFICATE, KEY } from "../support/tls_identity.ts";
import { MODULES } from "../../lib/cli/own_modules.ts";

/** Checks that do not depend on the machine and its resolver. */
const OWN_CHECKS = [
  ...["runtime", "half-close", "udp", "files", "outgoing"],
  ...HAS_RESETS ? ["reset"] : [],
];

/** A self-signed certificate that was valid in 2020. */
const EXPIRED = `-----BEGIN CERTIFICATE-----
MIIBCjCBsgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdleHBpcmVkMB4XDTIw
MDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHZXhwaXJlZDBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABFMeGX2ECbALIQrSCdWMJlGwUxdBYPJK
qNKqXJkYZV9UznY3fd++lkZKAOWX2NmBMN2VMx4xwQZHhWC68ZrbMWkwCgYIKoZI
zj0EAwIDRwAwRAIgXIRiYgE2WLCCyQFTYeD6qFAldVlHxAW3qJKoKulgqQQCIBOl
zmFdNZwqtA/Als6b/4+8LkM4Pql7OzKgOwi5cBUD
-----END CERTIFICATE-----
`;

const commands = sharedCommands();

interface Visit {
  result: Answer;
  worst: Level;
  findings: Finding[];
}

async function visit(...args: string[]): Promise<Visit> {
  return visitOf(await commands.run(["doctor", "--json", ...args]));
}

function visitOf(result: Answer): Visit {
  assertEquals(result.stderr, "");
  return { result, ...JSON.parse(result.text) };
}

function of({ findings }: Visit, check: string): Finding {
  const found = findings.filter((finding) => finding.check === check);
  assertEquals(found.length, 1, `${check} in ${JSON.stringify(findings)}`);
  return found[0]!;
}

Deno.test("sluice doctor quickly finds no problem when a proxy works", async () => {
  const started = performance.now();
  const visited = await visit(
    "--listen",
    "127.0.0.1:0",
    "--max-connections=20",
  );
  assert(performance.now() - started < 10_000);
  for (const check of [...OWN_CHECKS, "descriptors", "port"]) {
    assertEquals(
      of(visited, check).level,
      "ok",
      JSON.stringify(of(visited, check)),
    );
  }
  assertEquals(visited.result.code, 0);
  assert(visited.worst !== "problem");
});

Deno.test("sluice doctor prints lines, each problem with its remedy", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const listen = `127.0.0.1:${taken.addr.port}`;
  const { code, text } = await commands.run(["doctor", "--listen", listen]);
  assertEquals(code, 1);
  assertMatch(
    text,
    /^problem {2}port +Cannot listen on 127\.0\.0\.1:\d+: the port is in use.*\n +> ss -ltnp/m,
  );
  assertMatch(text, /^ok {7}half-close +\S/m);
  assertMatch(text, /\n1 problem(, .*)?\n$/);
});

Deno.test("sluice doctor finds the problems that would stop a start", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/users`;
  await Deno.writeTextFile(path, "no line of a user\n");
  const visited = await visit("--listen", "0.0.0.0:0", "--users", path);
  assertEquals(visited.result.code, 1);
  assertEquals(of(visited, "files").level, "problem");
  const missing = await visit("--listen", "0.0.0.0:0");
  assertMatch(of(missing, "port").message, /anyone who reaches it could use/);
  assertEquals(missing.worst, "problem");
  const elsewhere = await visit("--bind", "192.0.2.1", "--listen", "0");
  assertEquals(of(elsewhere, "outgoing").level, "problem");
});

Deno.test({
  name: "sluice doctor compares the limit of descriptors with the connections",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { text } = await sluice(["doctor", "--json", "--listen", "0"], {
      prefix: ["sh", "-c", 'ulimit -n 1024; exec "$@"', "sh"],
    });
    const { findings } = JSON.parse(text) as Visit;
    const found = findings.find(({ check }) => check === "descriptors")!;
    assertEquals(found.level, "warning");
    assertMatch(found.message, /room for 492 connections, 20000 wanted/);
    assertMatch(found.remedy!, /LimitNOFILE=40040/);
  },
});

Deno.test("sluice doctor examines the paths of Unix sockets", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/p.sock`;
  const free = await visit("--listen", `unix:${path}`);
  assertEquals(of(free, "socket").level, "ok");
  assertEquals([...Deno.readDirSync(folder.path)], []);
  const line = of(free, "permissions").remedy!;
  assert(line.includes(`--allow-write=${folder.path} `), line);
  using _taken = Deno.listen({ transport: "unix", path });
  const taken = await visit("--listen", `unix:${path}`);
  assertEquals(of(taken, "socket").level, "problem");
  assertMatch(of(taken, "socket").message, /another program listens there/);
  assertEquals(taken.result.code, 1);
});

Deno.test("sluice doctor examines certificates", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/good.pem`;
  const expired = `${folder.path}/expired.pem`;
  await Deno.writeTextFile(path, CERTIFICATE);
  await Deno.writeTextFile(expired, EXPIRED);
  const args = [path, expired, `${folder.path}/none`]
    .flatMap((name) => ["--tls-cert", name, "--tls-key", name]);
  const { findings, result } = await visit("--listen", "0", ...args);
  const [good, ...bad] = findings
    .filter(({ check }) => check === "certificate");
  assertEquals(good!.level, "ok");
  assertMatch(good!.message, /is valid for \d{5} days$/);
  assertEquals(bad.map(({ level }) => level), ["problem", "problem"]);
  assertMatch(bad[0]!.message, /has expired$/);
  assertMatch(bad[1]!.message, /: there is no such file$/);
  assertEquals(result.code, 1);
});

Deno.test("sluice doctor prints a command line that starts the proxy, without passwords", async () => {
  await using folder = await makeFolder();
  const rules = `${folder.path}/the rules`;
  await Deno.writeTextFile(rules, "allow\n");
  const args = ["--listen", "127.0.0.1:0", "--rules", rules];
  const visited = await visit(...args, "--user", "alice:secret");
  const line = of(visited, "permissions").remedy!;
  assert(line.includes("--user alice:PASSWORD"), line);
  assert(!JSON.stringify(visited.findings).includes("secret"));
  assert(!line.includes("-A"), line);
  await using proxy = startPrinted(line);
  await proxy.line(/Listening on/);
  proxy.kill("SIGTERM");
  assertEquals(await proxy.code(), 0);
  // Without a guard, it needs no permission to list interfaces.
  assert(!line.includes("allow-sys"), line);
  const text = proxy.lines.join("\n");
  assert(!text.includes("allow-sys"), text);
});

Deno.test("sluice doctor works with few permissions, prompts for none, and names the missing ones", async () => {
  const read = `--allow-read=${MODULES}`;
  const args = ["doctor", "--json", "--listen=0"];
  const result = await sluice(args, { permissions: ["--allow-net", read] });
  const visited: Visit = { result, ...JSON.parse(result.text) };
  assertEquals(result.code, 0, result.text);
  assertEquals(of(visited, "permissions").level, "ok");
  assertEquals(of(visited, "half-close").level, "ok");
  const { level, message, remedy } = of(visited, "reset");
  assertEquals(level, "note");
  assertMatch(message, /a broken download looks complete/);
  assertEquals(remedy, HAS_RESETS ? "give Deno --allow-ffi" : undefined);
  const without = await sluice(args, { permissions: ["--no-prompt", read] });
  assertEquals(without.code, 1);
  const lacking = { result: without, ...JSON.parse(without.text) };
  assertMatch(of(lacking, "permissions").message, /not given --allow-net/);
});

Deno.test("sluice doctor asks for the permission to list interfaces when there is a guard, and the proxy warns without it", async () => {
  const flag = "--allow-sys=networkInterfaces";
  const read = `--allow-read=${MODULES}`;
  const few = ["--no-prompt", "--allow-net", "--allow-env", read];
  await using limited = new Commands({}, answeringWords(few));
  const guarded = ["--listen=:0", "--open"];
  const free = [...guarded, "--allow-private"];
  for (const args of [guarded, free, ["--listen=0"]]) {
    const lacking = await limited.run(["doctor", "--json", ...args]);
    const visited: Visit = { result: lacking, ...JSON.parse(lacking.text) };
    const { level, message, remedy } = of(visited, "permissions");
    const isWanted = args === guarded;
    assertEquals(level, isWanted ? "problem" : "ok", lacking.text);
    assertEquals(message.includes(flag), isWanted);
    assertEquals(remedy?.includes(flag) ?? false, isWanted);
  }
  // A printed command line has started one for this machine only.
  for (const args of [guarded, free]) {
    await using proxy = new Sluice({ permissions: few }, ...args);
    await proxy.line(/Listening on/);
    proxy.kill("SIGTERM");
    assertEquals(await proxy.code(), 0);
    const text = proxy.lines.join("\n");
    assertEquals(text.includes(flag), args === guarded, text);
  }
});

Deno.test("sluice doctor names the permission to load its modules", async () => {
  const { code, stderr } = await sluice(["doctor"], {
    permissions: ["--no-prompt"],
    env: { NO_COLOR: "1" },
  });
  assertEquals([code, stderr], [
    1,
    `sluice: Deno was not given --allow-read=${MODULES}\n`,
  ]);
});

Deno.test("sluice doctor examines the admin listener, and requires a token on a public address", async () => {
  const local = ["--listen", "127.0.0.1:0", "--admin"];
  const fine = await visit(...local, "127.0.0.1:0");
  assertEquals(fine.result.code, 0);
  const ports = fine.findings.filter(({ check }) => check === "port");
  assertEquals(ports.map(({ level }) => level), ["ok", "ok"]);
  const open = await visit(...local, "0.0.0.0:0");
  assertEquals(open.result.code, 1);
  assertMatch(of(open, "admin").message, /without a token/);
});

Deno.test("sluice doctor counts required client certificates as users", async () => {
  await using folder = await makeFolder();
  const [authority, path, key] = ["ca.pem", "cert.pem", "key.pem"]
    .map((name) => `${folder.path}/${name}`);
  const { certificate } = await makeAuthority("Test CA");
  await Deno.writeTextFile(authority!, certificate);
  await Deno.writeTextFile(path!, CERTIFICATE);
  await Deno.writeTextFile(key!, KEY, { mode: 0o600 });
  const args = [
    ...["--listen", "0.0.0.0:0", "--tls-client-ca", authority!],
    ...["--tls-cert", path!, "--tls-key", key!],
  ];
  assertEquals(of(await visit(...args), "port").level, "ok");
  const asked = await visit(...args, "--tls-client-auth", "request");
  assertEquals(of(asked, "port").level, "problem");
});
