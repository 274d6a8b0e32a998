import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Finding, Level } from "../../lib/doctor/finding.ts";
import { openTls } from "../../lib/serve/tls/open.ts";
import { parseIpRange } from "../../lib/wire/ip_range.ts";
import {
  makeTestAuthority,
  type TestCertificate,
} from "../support/certificates.ts";
import { makeFolder } from "../support/programs.ts";
import { startPrinted } from "../support/sluice.ts";
import { type Answer, sharedCommands } from "../support/sluice_commands.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { closedPort, startEcho, within } from "../support/sockets.ts";
import { serverTls } from "../support/tls_proxy.ts";

const commands = sharedCommands();

interface Visit {
  result: Answer;
  worst: Level;
  findings: Finding[];
}

/** Runs the doctor for a configuration, or with further arguments. */
async function visit(
  path: string,
  env: Record<string, string> = {},
): Promise<Visit> {
  const args = ["doctor", "--json", "-c", path];
  const result = await commands.run({ args, env });
  assertEquals(result.stderr, "");
  return { result, ...JSON.parse(result.text) };
}

function of({ findings }: Visit, check: string): string[] {
  return findings.filter((finding) => finding.check === check)
    .map(({ level, message }) => `${level} ${message}`);
}

/** Makes a TLS handshake with every client, and waits for its end. */
function startTlsServer({ certificate, key }: TestCertificate) {
  const listener = Deno.listenTls({
    ...{ hostname: "127.0.0.1", port: 0, cert: certificate, key },
  });
  const accepting = (async () => {
    const all: Promise<void>[] = [];
    for await (const conn of listener) {
      all.push((async () => {
        await conn.read(new Uint8Array(1)).catch(() => {}); // The client may refuse.
        conn[Symbol.dispose]();
      })());
    }
    await Promise.all(all);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

async function write(path: string, config: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(config), { mode: 0o600 });
}

Deno.test("sluice doctor -c examines all listeners, and adds up their connections", async () => {
  await using folder = await makeFolder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const path = `${folder.path}/sluice.json`;
  const port = closedPort();
  await write(path, {
    listeners: [
      { kind: "proxy", listen: port, "max-connections": 7 },
      { kind: "echo", listen: taken.addr.port, "max-connections": 5 },
    ],
  });
  const said = await visit(path);
  assertEquals(of(said, "config"), [`ok ${path}: 2 listeners, nothing wrong`]);
  assertMatch(of(said, "descriptors")[0]!, / 12 wanted$/);
  const [free, used] = of(said, "port");
  assertEquals(
    free,
    `ok 127.0.0.1:${port} is free, for clients on this machine`,
  );
  assertMatch(used!, /^problem .*the port is in use/);
  assertEquals(said.result.code, 1);
});

Deno.test("sluice doctor -c reports each problem of the file with its place", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.json`;
  await write(path, {
    listeners: [{ kind: "proxy", listen: 0, prefer: "ipv5", "idle-timout": 1 }],
  });
  const visited = await visit(path);
  const all = of(visited, "config");
  assertEquals(all.length, 2, all.join("\n"));
  assertMatch(all[0]!, /^problem .*sluice\.json:1:\d+: listeners\[0\]\.prefer/);
  await Deno.writeTextFile(path, "{ listeners");
  assertMatch(of(await visit(path), "config")[0]!, /^problem .*:1:\d+: /);
});

Deno.test("sluice doctor -c connects to upstreams and parents, and reads their certificates", async () => {
  await using folder = await makeFolder();
  await using test = await makeTestAuthority();
  await using echo = startEcho();
  await using server = startTlsServer(test.server);
  const path = `${folder.path}/sluice.json`;
  const closed = closedPort();
  const authority = `${test.folder.path}/ca.crt`;
  await write(path, {
    listeners: [
      {
        kind: "forward",
        listen: 0,
        upstreams: [
          `127.0.0.1:${echo.addr.port}`,
          `127.0.0.1:${closed}`,
          `tls://127.0.0.1:${server.port}`,
        ],
        "upstream-ca": authority,
      },
      {
        kind: "proxy",
        listen: 0,
        via: [`https://alice:hush@localhost:${server.port}`],
      },
    ],
  });
  const visited = await visit(path);
  const [first, second, third] = of(visited, "upstream");
  assertMatch(first!, /^ok .* takes connections, the first in \d+ ms$/);
  assertMatch(second!, /^problem .*connection refused$/);
  assertMatch(third!, /^ok tls:\/\/127\.0\.0\.1:/);
  assertMatch(of(visited, "parent")[0]!, /^ok tls:\/\/localhost:\d+ takes/);
  const certificates = of(visited, "certificate")
    .filter((text) => text.includes("tls://")).toSorted();
  assertEquals(certificates.length, 2, certificates.join("\n"));
  const [ofParent, ofServer] = certificates;
  assertMatch(ofServer!, /^warning tls:\/\/127.*is valid for (29|30) days$/);
  // The system does not know the authority of a test.
  assertMatch(
    ofParent!,
    /^problem tls:\/\/localhost:\d+: TLS handshake failed/,
  );
  assert(!JSON.stringify(visited.findings).includes("hush"));
});

Deno.test("sluice doctor -c sends a LOCAL header to upstreams that expect a PROXY header", async () => {
  await using folder = await makeFolder();
  await using test = await makeTestAuthority();
  await using echo = startEcho();
  const { tls } = await openTls(serverTls(test), { log: () => {} });
  await using told = await startTestForward([upstreamAt(echo.addr)], {
    tls,
    acceptProxy: { isRequired: true, from: [parseIpRange("127.0.0.1/32")] },
  });
  const path = `${folder.path}/sluice.json`;
  await write(path, {
    listeners: [{
      kind: "forward",
      listen: 0,
      upstreams: [`tls://localhost:${told.addr.port}`],
      "send-proxy": "v2",
      "upstream-ca": test.path("ca.crt"),
    }],
  });
  const visited = await visit(path);
  assertMatch(of(visited, "upstream")[0]!, /^ok .* takes connections/);
  const [certificate] = of(visited, "certificate")
    .filter((text) => text.includes("tls://"));
  assertMatch(certificate!, /^warning tls:\/\/.*is valid for (29|30) days$/);
});

Deno.test("sluice doctor -c prints permissions for only the addresses of a relay, which start it", async () => {
  await using folder = await makeFolder();
  await using echo = startEcho();
  const path = `${folder.path}/sluice.json`;
  const port = closedPort();
  const upstream = `127.0.0.1:${echo.addr.port}`;
  await write(path, {
    listeners: [{ kind: "forward", listen: port, upstreams: [upstream] }],
  });
  const visited = await visit(path);
  const { remedy } = visited.findings.find((one) =>
    one.check === "permissions"
  )!;
  assert(remedy!.includes(` --allow-net=127.0.0.1:${port},${upstream} `));
  await using sluice = startPrinted(remedy!);
  await sluice.line(/Listening on/);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(Uint8Array.of(7));
  assertEquals(await within(10_000, conn.read(new Uint8Array(1))), 1);
  conn.close();
});

Deno.test("sluice doctor knows Sluice's environment variables, and reports unknown ones", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.json`;
  await write(path, { listeners: [{ kind: "echo", listen: 0 }] });
  const visited = await visit(path, {
    SLUICE_ADMIN_TOKEN: "0123456789abcdef",
    SLUICE_USER: "alice:hush",
  });
  const text = of(visited, "environment").join("\n");
  assertMatch(text, /SLUICE_ADMIN_TOKEN is the token of the admin listener/);
  assertMatch(text, /warning SLUICE_USER is set, but Sluice does not read it/);
  assert(!/0123456789abcdef|hush/.test(JSON.stringify(visited.findings)));
});

Deno.test("sluice doctor refuses options together with a configuration", async () => {
  const args = ["doctor", "-c", "x.json", "--listen=0"];
  const { code, stderr } = await commands.run(args);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /Option --config: cannot be combined with --listen: doctor examines what the file says/,
  );
});

Deno.test("sluice doctor -c reports a relay with wrong addresses, and examines the others", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.json`;
  await write(path, {
    listeners: [
      { kind: "forward", listen: closedPort(), upstreams: ["nowhere"] },
      { kind: "echo", listen: closedPort() },
    ],
  });
  const found = await visit(path);
  assertEquals(found.result.code, 1);
  assertEquals(of(found, "config"), [
    `problem ${path}:1:48: listeners[0].upstreams: 'nowhere' has no port; write nowhere:PORT`,
  ]);
  assertEquals(of(found, "port").length, 1);
});

Deno.test("sluice doctor -c accepts an upstream that is a listener of the same file", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.json`;
  const port = closedPort();
  await write(path, {
    listeners: [
      { kind: "forward", listen: closedPort(), upstreams: [port] },
      { kind: "echo", listen: port },
    ],
  });
  assertEquals(of(await visit(path), "upstream"), [
    `ok 127.0.0.1:${port} is a listener of the same file`,
  ]);
});
