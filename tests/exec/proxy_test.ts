import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { NameChecking } from "../../lib/proxy/options.ts";
import { type CommandProxy, startCommandProxy } from "../../lib/exec/proxy.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { RuleLearner } from "../../lib/policy/rules/learn_rules.ts";
import { reachedFacts } from "../../lib/policy/rules/reached_fact.ts";
import { TUNNELS } from "../proxy/names/bypasses.ts";
import { hello, serverNames } from "../support/client_hello.ts";
import { type Bytes, join, nameRequest } from "../support/dialogue.ts";
import { connectRequest, GREETING } from "../support/proxy.ts";
import { answering, rulesOf } from "../support/rules.ts";
import {
  closedPort,
  readToEnd,
  startServer,
  type TestServer,
  within,
  writeAll,
} from "../support/sockets.ts";

const decoder = new TextDecoder("latin1");

function text(lines: string): Bytes {
  return new TextEncoder().encode(lines) as Bytes;
}

function tls(name: string): Bytes {
  return hello({ extensions: [serverNames(name)] });
}

function get(host: string): Bytes {
  return text(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
}

/** A target that answers every read, and keeps what it got. */
function startTarget(): TestServer & { state: { received: string } } {
  const state = { received: "" };
  const server = startServer(async (conn) => {
    const buffer = new Uint8Array(16 * 1024);
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) break;
      state.received += decoder.decode(buffer.subarray(0, count));
      await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  return Object.assign(server, { state });
}

interface Started extends AsyncDisposable {
  proxy: CommandProxy;
  /** Ends the proxy, so that every connection is logged. */
  events(): Promise<ConnectionEvent[]>;
  /** Says all of it to a port, and reads to the end. */
  say(port: number, ...parts: Bytes[]): Promise<string>;
}

/** A command's proxy, for names that all lead to loopback. */
async function start(
  rules: string,
  { checkNames = "require", targets = [] }: {
    checkNames?: NameChecking;
    targets?: { port: number; target: { host: string; port: number } }[];
  } = {},
): Promise<Started> {
  const events: ConnectionEvent[] = [];
  let ending: Promise<void> | undefined;
  const proxy = await startCommandProxy({
    targets,
    rules: { current: rulesOf(rules) },
    guarded: checkNames === "require",
    checkNames,
    names: answering(["127.0.0.1"]).names,
    log(event) {
      if (event.event === "connection") events.push(event);
    },
  });
  return {
    proxy,
    async events() {
      await (ending ??= proxy.close());
      return events;
    },
    async say(port, ...parts) {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const reading = readToEnd(conn);
      try {
        await writeAll(conn, join(...parts));
        await conn.closeWrite();
      } catch {
        // It was refused meanwhile.
      }
      return decoder.decode(await within(10_000, reading));
    },
    async [Symbol.asyncDispose]() {
      await (ending ??= proxy.close());
    },
  };
}

Deno.test("startCommandProxy() refuses a TLS client that lies about the name", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  await using started = await start(
    `allow name a.test to loopback port ${port}\ndefault deny`,
  );
  const { proxy, say } = started;
  const asked = join(GREETING, nameRequest("a.test", port));
  await say(proxy.port, asked, tls("b.test"));
  assertEquals(target.state.received, "");
  const said = await say(proxy.port, asked, tls("a.test"));
  assertStringIncludes(said, "200 OK");
  const [refused, served] = await started.events();
  assertEquals(
    [refused!.code, refused!.target, refused!.name, served!.result],
    ["name-mismatch", `a.test:${port}`, "b.test", "ok"],
  );
});

Deno.test("startCommandProxy() lets no known bypass through a tunnel", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  await using started = await start(
    `allow name api.test to loopback port ${port}\ndefault deny`,
  );
  const { proxy, say } = started;
  for (const [what, first] of TUNNELS) {
    const asked = join(GREETING, nameRequest("api.test", port));
    await say(proxy.port, asked, first);
    const { received } = target.state;
    assert(!/evil/i.test(received), `${what}: ${JSON.stringify(received)}`);
  }
});

Deno.test("startCommandProxy() judges each Host in a tunnel", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  await using started = await start(
    `allow name a.test to loopback port ${port}\ndefault deny`,
  );
  const { proxy, say } = started;
  const said = await say(
    proxy.port,
    text(`CONNECT a.test:${port} HTTP/1.1\r\nHost: a.test\r\n\r\n`),
    get("a.test"),
    get("b.test"),
  );
  assertEquals(said.match(/ \d{3} /g), [" 200 ", " 200 ", " 403 "]);
  assert(!target.state.received.includes("b.test"));
});

Deno.test("startCommandProxy() lets a port with a fixed target speak any protocol", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  const [named, numbered] = [closedPort(), closedPort()];
  await using started = await start(
    `allow name a.test to loopback port ${port}\nallow to 127.0.0.1 port ${port}\ndefault deny`,
    {
      targets: [
        { port: named, target: { host: "a.test", port } },
        { port: numbered, target: { host: "127.0.0.1", port } },
      ],
    },
  );
  const { proxy, say } = started;
  const first: [port: number, bytes: Bytes, isServed: boolean][] = [
    [named, text("SSH-2.0-x\r\n"), true],
    [named, tls("a.test"), true],
    [named, tls("localhost"), true],
    [named, get(`127.0.0.1:${named}`), true],
    [named, get(`[::1]:${named}`), true],
    [named, get(`localhost:${named}`), true],
    // A name that is shown still has to fit.
    [named, tls("b.test"), false],
    [named, get("b.test"), false],
    [named, get("192.0.2.1"), false],
    // Nobody can tell the names of an address.
    [numbered, tls("b.test"), true],
    [numbered, get("b.test"), true],
  ];
  for (const [at, bytes, isServed] of first) {
    const said = await say(at, bytes);
    assertEquals(said.includes("200 OK"), isServed, decoder.decode(bytes));
  }
  // The proxy's own port is not fixed.
  const asked = join(GREETING, nameRequest("a.test", port));
  const said = await say(proxy.port, asked, text("SSH-2.0-x\r\n"));
  assert(!said.includes("200 OK"));
});

Deno.test("startCommandProxy() lets everything pass while it learns, and the rules are enough", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  const flights: Bytes[] = [
    join(GREETING, nameRequest("a.test", port), tls("a.test")),
    join(GREETING, nameRequest("b.test", port), text("SSH-2.0-x\r\n")),
    join(GREETING, connectRequest("127.0.0.1", port), hello()),
  ];
  const learner = new RuleLearner();
  {
    await using learning = await start("allow", { checkNames: "report" });
    const { proxy, say } = learning;
    for (const flight of flights) {
      assertStringIncludes(await say(proxy.port, flight), "200 OK");
    }
    for (const event of await learning.events()) {
      for (const fact of reachedFacts(event)) learner.take(fact);
    }
  }
  assertEquals(learner.lines(), [
    "deny command bind,udp",
    `allow to 127.0.0.1 port ${port} any-protocol`,
    `allow name a.test to 127.0.0.1 port ${port}`,
    `allow name b.test to 127.0.0.1 port ${port} any-protocol`,
    "default deny",
  ]);
  await using held = await start(learner.lines().join("\n"));
  for (const flight of flights) {
    assertStringIncludes(await held.say(held.proxy.port, flight), "200 OK");
  }
});
