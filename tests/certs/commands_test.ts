import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { CERT_BUNDLE_OPTIONS } from "../../lib/certs/bundle_command.ts";
import { CERT_INIT_OPTIONS, initStore } from "../../lib/certs/init_command.ts";
import {
  CERT_ISSUE_OPTIONS,
  issueInto,
} from "../../lib/certs/issue_command.ts";
import { CERT_OPTIONS, nextCommand } from "../../lib/certs/options.ts";
import {
  CERT_REVOKE_OPTIONS,
  revokeIn,
} from "../../lib/certs/revoke_command.ts";
import { CertStore } from "../../lib/certs/store.ts";
import type { OptionTable } from "../../lib/cli/option.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { openOpenssl } from "../support/openssl.ts";
import { makeFolder, run, testPrograms } from "../support/programs.ts";
import { type Answer, sharedCommands } from "../support/sluice_commands.ts";

/** Arguments of `sluice cert` in a folder. */
function inFolder(folder: string, [command = "", ...rest]: string[]) {
  return ["cert", command, "--dir", `${folder}/certs`, ...rest];
}

const commands = sharedCommands();

/** Runs `sluice cert` in a folder. */
function cert(folder: string, args: string[]): Promise<Answer> {
  return commands.run(inFolder(folder, args));
}

async function good(folder: string, args: string[]): Promise<string> {
  return textOf(await cert(folder, args));
}

/** The output of a command that must succeed. */
function textOf({ code, text, stderr }: Answer): string {
  assertEquals([code, stderr], [0, ""]);
  return text;
}

/** Does the same as `init`, in this process. */
async function makeStore(folder: string): Promise<CertStore> {
  const store = new CertStore(`${folder}/certs`);
  const authority = { name: "Test CA", days: 3650, keyKind: "ecdsa" } as const;
  await initStore(store, authority, false);
  return store;
}

/** Does the same as `issue NAME --client`, in this process. */
async function issueClient(store: CertStore, name: string): Promise<void> {
  const keyKind = "ecdsa";
  const client = {
    name,
    days: 365,
    keyKind,
    servers: [],
    isClient: true,
  } as const;
  await issueInto(store, client, false);
}

Deno.test("parseOptions() parses the arguments of the commands", async () => {
  const issue = await parseOptions(
    [
      "alice@example.com",
      "--client",
      ...["--server", "a.example,127.0.0.1", "--server", "b.example"],
      ...["--days", "36500", "--key", "rsa", "--dir", "x/y/", "--force"],
    ],
    CERT_ISSUE_OPTIONS,
  );
  assertEquals(issue, {
    name: "alice@example.com",
    client: true,
    server: ["a.example", new Uint8Array([127, 0, 0, 1]), "b.example"],
    days: 36_500,
    key: "rsa",
    dir: "x/y",
    force: true,
    help: false,
    version: false,
  });
  const init = await parseOptions(["--name", "Żółw, O=x"], CERT_INIT_OPTIONS);
  assertEquals(init.name, "Żółw, O=x");
  assertEquals(init.days, 3650);
  assertEquals(init.dir, "certs");
  const revoke = ["--serial", "00:AB:cd"];
  const { serial, name } = await parseOptions(revoke, CERT_REVOKE_OPTIONS);
  assertEquals([serial, name], ["abcd", undefined]);
});

Deno.test("parseOptions() says what is wrong when arguments are invalid", async (t) => {
  const cases: { table: OptionTable; args: string[]; why: string }[] = [
    {
      table: CERT_ISSUE_OPTIONS,
      args: [],
      why: "NAME: it is missing; give one name",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["a", "b"],
      why: "NAME: 'a', 'b' are 2 names; give one",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["../a"],
      why: "NAME: '../a' can't be the name of a file",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["ca"],
      why: "NAME: 'ca' is the name of the authority's files",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["a", "--server", "b,*"],
      why: "--server: '*' has a *",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["a", "--server"],
      why: "--server: needs a value: HOST,HOST…",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["a", "--key", "dsa"],
      why: "--key: 'dsa' is neither ecdsa nor rsa",
    },
    {
      table: CERT_ISSUE_OPTIONS,
      args: ["a", "--client=1"],
      why: "--client: takes no value",
    },
    {
      table: CERT_INIT_OPTIONS,
      args: ["extra"],
      why: "Unknown argument 'extra'",
    },
    {
      table: CERT_INIT_OPTIONS,
      args: ["--name", "x".repeat(65)],
      why: "has 65 characters; at most 64 are allowed",
    },
    {
      table: CERT_INIT_OPTIONS,
      args: ["--name", " x"],
      why: "begins or ends with white space; leave it out",
    },
    {
      table: CERT_INIT_OPTIONS,
      args: ["--name", "a\x1bb"],
      why: "has characters that can't be shown; leave them out",
    },
    {
      table: CERT_OPTIONS,
      args: ["--dir", "a\nb"],
      why: "--dir: a path with control characters",
    },
    { table: CERT_OPTIONS, args: ["alice"], why: "Unknown argument 'alice'" },
    {
      table: CERT_REVOKE_OPTIONS,
      args: ["--serial", "xyz"],
      why: "--serial: 'xyz' is not 1 to 40 hexadecimal digits",
    },
    {
      table: CERT_REVOKE_OPTIONS,
      args: ["--serial", "0".repeat(40)],
      why: "is not 1 to 40 hexadecimal digits",
    },
    {
      table: CERT_BUNDLE_OPTIONS,
      args: ["a b"],
      why: "NAME: 'a b' can't be the name of a file",
    },
  ];
  for (const days of ["0", "36501", "1.5", "-1", "1d", "٣", "99999", "1e3"]) {
    const why = `--days: '${days}' is not a whole number from 1 to 36500`;
    const args = [`--days=${days}`];
    cases.push({ table: CERT_INIT_OPTIONS, args, why });
  }
  for (const { table, args, why } of cases) {
    await t.step(JSON.stringify(args), async () => {
      await assertRejects(() => parseOptions(args, table), UsageError, why);
    });
  }
});

Deno.test("nextCommand() returns a command line", () => {
  assertEquals(nextCommand("list", "certs"), "sluice cert list");
  assertEquals(nextCommand("list", "/a/b"), "sluice cert list --dir /a/b");
});

Deno.test("sluice cert issue says what is missing", async () => {
  await using folder = await makeFolder();
  const cases = [
    {
      args: ["issue", "alice"],
      code: 2,
      why: /What is 'alice' for\? Add --client, or --server with the names/,
    },
    {
      args: ["issue", "alice", "--client"],
      code: 1,
      why: /ca\.crt: there is no authority yet; run 'sluice cert init'/,
    },
    {
      args: ["revoke"],
      code: 2,
      why: /Argument NAME: it is missing; give NAME, or --serial HEX/,
    },
    {
      args: ["revoke", "alice", "--serial", "1"],
      code: 2,
      why: /--serial: cannot be combined with NAME 'alice'/,
    },
  ];
  const lines = cases.map(({ args }) => inFolder(folder.path, args));
  const answers = await commands.runAll(lines);
  for (const [at, { code, why }] of cases.entries()) {
    const outcome = answers[at]!;
    assertMatch(outcome.stderr, /^sluice: [^\n]+\n$/);
    assertMatch(outcome.stderr, why);
    assertEquals([outcome.code, outcome.text], [code, ""]);
  }
  assertEquals([...Deno.readDirSync(folder.path)], []); // No file was created.
});

Deno.test("sluice cert prints its files and the next step, but no secret", async () => {
  await using folder = await makeFolder();
  const { path } = folder;
  const first = await commands.runAll([
    ["init", "--name", "Żółw CA"],
    ["issue", "alice", "--client", "--days", "9999"],
    ["issue", "proxy", "--server", "localhost,127.0.0.1"],
    ["issue", "alice", "--client"],
    ["issue", "alice", "--client", "--force"],
  ].map((args) => inFolder(path, args)));
  assertEquals(first.map(({ code }) => code), [0, 0, 0, 1, 0]);
  const [init, issue, , , forced] = first.map(({ text }) => text) as [
    ...[string, string, string, string, string],
  ];
  assertStringIncludes(init, `Wrote ${path}/certs/ca.key`);
  assertMatch(
    init,
    /ca\.crt: the authority 'Żółw CA', until \d{4}-\d\d-\d\d\n/,
  );
  assertStringIncludes(issue, `Wrote ${path}/certs/alice.crt: for a client`);
  assertStringIncludes(issue, ", when the authority itself ends\n");
  assertStringIncludes(
    issue,
    `  sluice cert bundle --dir ${path}/certs alice > alice.pem\n`,
  );
  const [, serial] = / --serial ([\da-f]{32})\n/.exec(forced)!;
  const second = await commands.runAll([
    ["revoke", "--serial", serial!],
    ["revoke", "alice"],
    ["revoke", "alice"],
    ["list"],
  ].map((args) => inFolder(path, args)));
  assertEquals(second.map(({ code }) => code), [0, 0, 0, 0]);
  const [gone, revoke, repeated, list] = second.map(({ text }) => text) as [
    ...[string, string, string, string],
  ];
  assertStringIncludes(gone, `ca.crl: the certificate is revoked`);
  assertMatch(revoke, /ca\.crl: 'alice' is revoked \(serial .*\); 2 in all\n/);
  assertStringIncludes(repeated, "ca.crl has 'alice' on it already");
  assertMatch(list, /^NAME +FOR +EXPIRES +DAYS LEFT +STATUS\n/);
  assertMatch(list, /\nalice +a client +\d{4}-\d\d-\d\d +364 +revoked\n/);
  assertMatch(list, /\nca +authority 'Żółw CA' +[\d-]+ +3649 +valid\n/);
  assertMatch(list, /\nproxy +localhost, 127\.0\.0\.1 +.* valid\n$/);
  const output = [...first, ...second]
    .map(({ stderr, text }) => text + stderr).join("\n");
  const store = new CertStore(`${path}/certs`);
  for (const name of ["ca", "alice", "proxy"]) {
    const key = await Deno.readTextFile(store.path(name, "key"));
    for (const line of key.trim().split("\n")) {
      assert(!output.includes(line), `key of ${name}`);
    }
  }
});

Deno.test("sluice cert revoke loses no entry when two processes revoke at the same time", async () => {
  await using folder = await makeFolder();
  const { path } = folder;
  const store = await makeStore(path);
  const serials = Array.from({ length: 8 }, (_, at) => `${at + 1}`.repeat(4));
  const [here, there] = [serials.slice(0, 4), serials.slice(4)];
  await Promise.all([
    ...here.map((serial) => revokeIn(store, serial)),
    ...there.map((serial) => good(path, ["revoke", "--serial", serial])),
  ]);
  assertEquals(await store.revoked(), new Set(serials));
});

Deno.test("sluice cert lists its commands when no command follows", async () => {
  const { code, text } = await commands.run(["cert"]);
  assertEquals(code, 0);
  for (const name of ["init", "issue", "list", "revoke", "bundle"]) {
    assertStringIncludes(text, `\n  cert ${name} `);
  }
});

testPrograms({
  name: "sluice cert bundle prints bundles that openssl and curl accept",
  needs: ["openssl", "curl"],
  async fn({ openssl, curl }) {
    await using checker = await openOpenssl(openssl);
    const { path } = checker;
    const store = await makeStore(path);
    await good(path, ["issue", "proxy", "--server", "localhost,127.0.0.1"]);
    await issueClient(store, "alice");
    await issueClient(store, "mallory");
    for (const name of ["proxy", "alice", "mallory"]) {
      const text = await good(path, ["bundle", name]);
      assertMatch(text, /^(?:# .*\n){5,}-----BEGIN PRIVATE KEY-----\n/);
      assertStringIncludes(
        text,
        `bundle --dir ${path}/certs ${name} > ${name}.pem`,
      );
      assertEquals(text.match(/-----BEGIN CERTIFICATE-----/g)?.length, 2);
      await checker.put(`${name}.pem`, text);
    }
    await good(path, ["revoke", "mallory"]);
    const stale = await cert(path, ["bundle", "mallory"]);
    assertEquals(stale.code, 0);
    assertStringIncludes(stale.stderr, "'mallory' is revoked");
    const { code, stderr } = await checker.run(
      "verify -x509_strict -crl_check -CRLfile @/certs/ca.crl -CAfile @/alice.pem -purpose sslclient @/alice.pem",
    );
    assertEquals(code, 0, stderr);
    // An HTTPS proxy that requires certificates and answers GET with a page.
    await using server = await startServer(openssl, path);
    const load = (host: string, args: string[]) =>
      run(curl, [
        ...["-q", "-sS", "--max-time", "10", "--noproxy", ""],
        ...["--proxy", `https://${host}:${server.port}`],
        ...[...args, "http://target.invalid/"],
      ]);
    const withFile = (name: string) =>
      ["cert", "cacert"].flatMap((
        what,
      ) => [`--proxy-${what}`, `${path}/${name}.pem`]);
    for (const host of ["localhost", "127.0.0.1"]) {
      const page = await load(host, withFile("alice"));
      assertEquals(page.code, 0, page.stderr);
      assert(
        /^Client certificate\n[^]* Subject: CN ?= ?alice\n/m.test(page.text),
      );
    }
    const nobody = ["--proxy-cacert", `${path}/certs/ca.crt`];
    const refused = [
      withFile("mallory"),
      nobody,
      withFile("alice").slice(0, 2),
    ];
    for (const args of refused) {
      const { code, text } = await load("localhost", args);
      assert(
        code !== 0 && !text.includes("Client certificate"),
        args.join(" "),
      );
    }
  },
});

/** Starts openssl as a server with the bundle `proxy.pem`. */
async function startServer(
  openssl: string,
  path: string,
): Promise<AsyncDisposable & { port: string }> {
  const file = `${path}/proxy.pem`;
  const child = new Deno.Command(openssl, {
    args: [
      ...["s_server", "-accept", "127.0.0.1:0", "-www", "-Verify", "1"],
      ...["-verify_return_error", "-crl_check", "-CRL", `${path}/certs/ca.crl`],
      ...["-cert", file, "-key", file, "-CAfile", file],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  let port: string | undefined;
  while (port === undefined) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`openssl does not listen: ${output}`);
    port = /^ACCEPT \S+:(\d+)\n/m.exec(output += value)?.[1];
  }
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await Promise.all([child.status, rest]);
    },
  };
}
