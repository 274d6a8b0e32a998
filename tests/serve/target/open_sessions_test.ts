import { threadCpuUsage } from "node:process";
import { assert, assertEquals } from "@std/assert";
import type { Question } from "../../../lib/policy/rules/question.ts";
import type { Rules } from "../../../lib/policy/rules/rules.ts";
import { judgeBy } from "../../../lib/serve/target/judge_session.ts";
import {
  type JudgedSession,
  OpenSessions,
} from "../../../lib/serve/target/open_sessions.ts";
import { Context } from "../../../lib/sync/context.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { rulesOf } from "../../support/rules.ts";

const CLIENT = parseIpAddress("192.0.2.1")!;
const ADDRESS = parseIpAddress("198.51.100.7")!;
const LISTENER = { ip: parseIpAddress("127.0.0.1")!, port: 1080 };

/** A tunnel to a name, without its sockets. */
function tunnelTo(name: string): JudgedSession & Disposable {
  const question: Question = {
    client: CLIENT,
    user: undefined,
    listener: LISTENER,
    command: "connect",
    target: { name, port: 443 },
    isGuarded: false,
  };
  const context = new Context();
  return {
    identity: undefined,
    permit: { judge: (rules) => rules.decideAddress(question, ADDRESS) },
    record: {
      event: "connection",
      code: "client-closed",
      startedAt: 0,
      duration: 0,
      listener: "",
      client: "",
      sent: 0,
      received: 0,
      result: "ok",
      reason: "",
    },
    context,
    [Symbol.dispose]: () => context.release(),
  };
}

function openSessions(rules: { current: Rules }) {
  const messages: string[] = [];
  const judge = judgeBy({ rules, users: undefined, tls: undefined });
  const sessions = new OpenSessions(judge, (event) => {
    if (event.event === "message") messages.push(event.message);
  });
  return { messages, sessions };
}

Deno.test("OpenSessions judges 10,000 tunnels with 100 rules within a second", async () => {
  const lines = Array.from(
    { length: 100 },
    (_, n) => n < 99 ? `deny name *.x${n}.test to 10.0.${n}.0/24` : "allow",
  );
  const rules = { current: rulesOf("allow") };
  const { messages, sessions } = openSessions(rules);
  const tunnels = Array.from({ length: 10_000 }, (_, n) => {
    const tunnel = tunnelTo(n % 10 === 0 ? `a.gone.test` : `a${n}.test`);
    sessions.add(tunnel);
    return tunnel;
  });
  rules.current = rulesOf(["x: deny name .gone.test", ...lines].join("\n"));
  const before = threadCpuUsage();
  await sessions.review();
  const { user, system } = threadCpuUsage(before);
  const cut = tunnels.filter(({ context }) => context.cancelled);
  assertEquals(cut.length, 1_000);
  assertEquals(cut[0]!.record.rule, "x");
  assertEquals(
    String(cut[0]!.context.reason),
    "Refusal: revoked: Denied by rule x",
  );
  assertEquals(messages, [
    "Cut 1000 of 10000 connections, because users, certificates or rules refuse them now",
  ]);
  // Of this thread's own time: others are busy too.
  assert(user + system < 1_000_000, `${user + system} µs`);
});

Deno.test("OpenSessions gives everything else its turn after 10 ms of judging", async () => {
  const { sessions } = openSessions({ current: rulesOf("allow") });
  let turns = 0;
  let judged = 0;
  const slow = new OpenSessions(() => {
    judged++;
    const end = performance.now() + 3;
    while (performance.now() < end);
    return undefined;
  }, () => {});
  for (let n = 0; n < 20; n++) slow.add(tunnelTo("a.test"));
  const seen: number[] = [];
  const watch = () => {
    turns++;
    seen.push(judged);
    if (judged < 20) setTimeout(watch, 0);
  };
  setTimeout(watch, 0);
  await slow.review();
  await sessions.review();
  const steps = seen.map((count, index) => count - (seen[index - 1] ?? 0));
  // A slice ends with the tunnel that fills it.
  assert(Math.max(...steps) <= 4, `${steps}`);
  assert(turns >= 5, `${turns}`);
});

Deno.test("OpenSessions judges again when something changes meanwhile", async () => {
  const rules = { current: rulesOf("allow") };
  const { sessions } = openSessions(rules);
  const tunnels = Array.from({ length: 3 }, () => tunnelTo("a.test"));
  for (const tunnel of tunnels) sessions.add(tunnel);
  const first = sessions.review();
  rules.current = rulesOf("deny");
  await Promise.all([first, sessions.review()]);
  assertEquals(tunnels.map(({ context }) => context.cancelled), [
    true,
    true,
    true,
  ]);
});

Deno.test("OpenSessions judges those of the server whose place it has taken", async () => {
  const before = openSessions({ current: rulesOf("allow") });
  const old = tunnelTo("a.test");
  before.sessions.add(old);
  const rules = { current: rulesOf("allow") };
  const { sessions } = openSessions(rules);
  await sessions.follow(before.sessions);
  assertEquals(old.context.cancelled, false);
  const next = openSessions(rules);
  await next.sessions.follow(sessions);
  rules.current = rulesOf("deny name a.test");
  await next.sessions.review();
  assertEquals(old.context.cancelled, true);
});

Deno.test("OpenSessions forgets who has left", async () => {
  const rules = { current: rulesOf("deny") };
  const { sessions } = openSessions(rules);
  const tunnel = tunnelTo("a.test");
  sessions.add(tunnel).remove();
  await sessions.review();
  assertEquals(tunnel.context.cancelled, false);
});
