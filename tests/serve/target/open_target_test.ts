import { assertEquals, assertRejects } from "@std/assert";
import { openNames } from "../../../lib/serve/target/open_names.ts";
import { openTarget } from "../../../lib/serve/target/open_target.ts";
import type { OpenedTarget } from "../../../lib/serve/target/opened_target.ts";
import { Parents } from "../../../lib/serve/target/parents.ts";
import type {
  ProxyServices,
  ProxySession,
} from "../../../lib/serve/proxy_services.ts";
import { Session } from "../../../lib/serve/session.ts";
import { DialError } from "../../../lib/net/dial_error.ts";
import { ConnectionLimits } from "../../../lib/policy/limits/connection_limits.ts";
import { Refusal } from "../../../lib/policy/limits/refusal.ts";
import type { Question } from "../../../lib/policy/rules/question.ts";
import { Rules, type Verdict } from "../../../lib/policy/rules/rules.ts";
import { Context } from "../../../lib/sync/context.ts";
import type { Host } from "../../../lib/wire/host_name.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";
import {
  closedPort,
  socketPair,
  startServer,
  within,
} from "../../support/sockets.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import { testServices } from "../../support/services.ts";

interface Client extends Disposable {
  session: ProxySession;
  context: Context;
  draining: Context;
}

/** A session of a client that has said nothing. */
async function startSession(
  changes: Partial<ProxyServices> = {},
): Promise<Client> {
  const [conn, accepted] = await socketPair();
  const context = new Context();
  const draining = new Context();
  const session = new Session(
    accepted,
    context,
    draining,
    testServices({
      limits: new ConnectionLimits(1),
      timeouts: { handshake: 0, connect: 1_000, idle: 0, halfClose: 0 },
      ...changes,
    }),
  );
  return {
    session,
    context,
    draining,
    [Symbol.dispose]() {
      session[Symbol.dispose]();
      conn.close();
    },
  };
}

function open(
  session: ProxySession,
  host: Host,
  port: number,
): Promise<OpenedTarget> {
  return openTarget(session, { command: "connect", host, port });
}

const LOOPBACK = parseIpAddress("127.0.0.1")!;

Deno.test("openTarget() connects and records what was asked for and dialled", async () => {
  await using target = startServer(() => {});
  using client = await startSession();
  const { session } = client;
  const { port } = target.addr;
  const { connection, address } = await open(session, "localhost", port);
  connection.close();
  assertEquals(formatIpAddress(address!), "127.0.0.1");
  assertEquals(session.record.target, `localhost:${port}`);
  assertEquals(session.record.address, `127.0.0.1:${port}`);
});

Deno.test("openTarget() checks each resolved address, and dials those that are left", async () => {
  await using target = startServer(() => {});
  const addresses = ["::1", "127.0.0.2", "127.0.0.1"];
  using client = await startSession({
    resolver: openNames(answering(addresses).names),
    rules: { current: rulesOf("deny to ::/0,127.0.0.2") },
  });
  const { port } = target.addr;
  const dialled = await open(client.session, "a.test", port);
  dialled.connection.close();
  assertEquals(formatIpAddress(dialled.address!), "127.0.0.1");
});

Deno.test("openTarget() asks the rules once about the name and once about each address", async () => {
  await using target = startServer(() => {});
  const asked: [Question, string][] = [];
  class CountedRules extends Rules {
    override decideName(question: Question): Verdict | undefined {
      asked.push([question, "name"]);
      return super.decideName(question);
    }
    override decideAddress(question: Question, ip: IpAddress): Verdict {
      asked.push([question, formatIpAddress(ip)]);
      return super.decideAddress(question, ip);
    }
  }
  using client = await startSession({
    resolver: openNames(answering(["127.0.0.1", "127.0.0.2"]).names),
    parents: new Parents(new Map(), undefined),
    rules: { current: new CountedRules() },
  });
  const opened = await open(client.session, "a.test", target.addr.port);
  opened.connection.close();
  assertEquals(asked.map(([, what]) => what), [
    "name",
    "127.0.0.1",
    "127.0.0.2",
  ]);
  assertEquals(new Set(asked.map(([question]) => question)).size, 1);
});

Deno.test("openTarget() dials nothing when every address is refused", async () => {
  await using target = startServer(() => {});
  using client = await startSession({ isGuarded: true });
  const { session } = client;
  const { port } = target.addr;
  for (const host of ["localhost", LOOPBACK]) {
    const error = await assertRejects(
      () => open(session, host, port),
      Refusal,
      "is loopback",
    );
    assertEquals(error.kind, "forbidden");
    assertEquals(session.record.address, undefined);
  }
  assertEquals(target.accepted, 0);
});

Deno.test("openTarget() fails when the port is 0", async () => {
  using client = await startSession();
  const error = await assertRejects(
    () => open(client.session, LOOPBACK, 0),
    DialError,
    "port is 0",
  );
  assertEquals(error.kind, "failed");
  assertEquals(client.session.record.target, "127.0.0.1:0");
});

Deno.test("openTarget() fails when nobody listens, without an address on record", async () => {
  using client = await startSession();
  const port = closedPort();
  const error = await assertRejects(
    () => open(client.session, LOOPBACK, port),
    DialError,
  );
  assertEquals(error.kind, "refused");
  assertEquals(client.session.record.address, undefined);
});

Deno.test("openTarget() refuses when a drain has begun", async () => {
  using client = await startSession();
  await client.session.reader.readExact(0);
  client.draining.cancel(new Error("Drain"));
  const error = await assertRejects(
    () => open(client.session, "x.invalid", 80),
    Refusal,
  );
  assertEquals(error.kind, "draining");
});

Deno.test("openTarget() refuses when the client is over a limit, before it resolves", async () => {
  const limits = new ConnectionLimits(1);
  using _first = await startSession({ limits });
  using second = await startSession({ limits });
  const error = await assertRejects(
    () => open(second.session, "x.invalid", 80),
    Refusal,
    "Limit of 1 connection reached",
  );
  assertEquals(error.kind, "limit reached");
  assertEquals(limits.total, 1);
});

Deno.test("openTarget() ends with the reason when the client is cancelled", {
  sanitizeOps: false, // A lookup can't be taken back: it outlives the test.
}, async () => {
  using client = await startSession();
  const reason = new Error("Enough");
  const opening = open(client.session, "localhost", closedPort());
  client.context.cancel(reason);
  const error = await assertRejects(() => within(5_000, opening));
  assertEquals(error, reason);
});
