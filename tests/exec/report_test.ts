import { assert, assertEquals, assertThrows } from "@std/assert";
import { Reached } from "../../lib/exec/reached.ts";
import {
  countDenied,
  formatReport,
  formatTable,
  type Report,
  reportFormat,
} from "../../lib/exec/report.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";

function event(given: Partial<ConnectionEvent>): ConnectionEvent {
  return {
    event: "connection",
    code: "client-closed",
    startedAt: 0,
    duration: 1,
    listener: "unix:fence:0",
    client: "unix",
    protocol: "http-connect",
    sent: 10,
    received: 20,
    result: "ok",
    reason: "",
    ...given,
  };
}

function reached(...events: Partial<ConnectionEvent>[]): Reached {
  const all = new Reached();
  for (const one of events) all.take(event(one));
  return all;
}

function report(all: Reached): Report {
  return {
    command: "make",
    exitCode: 2,
    startedAt: 0,
    duration: 5,
    isIsolated: true,
    reached: all.list(),
    others: all.others,
  };
}

Deno.test("Reached counts connections by where they went and who decided", () => {
  const rows = reached(
    { target: "b.example:443", rule: "--allow b.example" },
    { target: "b.example:443", rule: "--allow b.example", result: "failed" },
    { target: "evil.example:443", result: "refused", rule: "default" },
    { target: "[::1]:80", result: "refused", rule: "guard" },
    { target: "b.example:443" },
    { result: "dropped" },
    {
      target: "udp 0.0.0.0:0",
      protocol: "socks5",
      result: "refused",
      rule: "exec",
    },
  ).list();
  assertEquals(
    rows.map(({ host, port, connections, failed, sent, verdict, rule }) =>
      [host, port, connections, failed, sent, verdict, rule].join(" ")
    ),
    [
      "0.0.0.0 0 1 0 10 denied exec",
      "::1 80 1 0 10 denied guard",
      "evil.example 443 1 0 10 denied default",
      "b.example 443 2 1 20 allowed --allow b.example",
      "b.example 443 1 0 10 allowed default",
    ],
  );
  assertEquals(countDenied(rows), 3);
});

Deno.test("Reached has a bound, and says how many it left out", () => {
  const all = new Reached();
  for (let port = 1; port <= 10_003; port++) {
    all.take(event({ target: `a.example:${port}` }));
  }
  all.take(event({ target: "a.example:1" }));
  assertEquals(all.list().length, 10_000);
  assertEquals(all.others, 3);
  assert(formatTable(report(all)).includes("and 3 connections more"));
});

Deno.test("formatTable() lines columns up and says how to allow", () => {
  const lines = formatTable(report(reached(
    { target: "evil.example:443", result: "refused", rule: "default" },
    { target: "127.0.0.1:80", result: "refused", rule: "guard" },
    { target: "good.example:443", rule: "rules.txt:3" },
  )));
  assertEquals(lines, [
    "HOST          PORT  PROTOCOL      CONNECTIONS  SENT  RECEIVED  VERDICT  RULE",
    "127.0.0.1       80  http-connect            1    10        20  denied   guard",
    "evil.example   443  http-connect            1    10        20  denied   default",
    "good.example   443  http-connect            1    10        20  allowed  rules.txt:3",
    "sluice: to allow what was denied, give --allow evil.example:443",
  ]);
  const code = "name-mismatch" as const;
  const mismatch = { code, result: "refused", rule: "--allow x" } as const;
  assertEquals(
    formatTable(report(reached(
      { ...mismatch, target: "10.0.0.7:22" },
      { ...mismatch, target: "git.example:22" },
      { ...mismatch, target: "good.example:443", name: "evil.example" },
      { ...mismatch, target: "good.example:443", name: "evil.example" },
      { ...mismatch, target: "good.example:443", name: "other.example" },
    ))).slice(1),
    [
      "10.0.0.7        22  http-connect            1    10        20  denied   name-mismatch",
      "git.example     22  http-connect            1    10        20  denied   name-mismatch",
      "good.example   443  http-connect            2    20        40  denied   name-mismatch: evil.example",
      "good.example   443  http-connect            1    10        20  denied   name-mismatch: other.example",
      "sluice: to allow what was denied, give --rule 'allow to 10.0.0.7 port 22 any-protocol' --rule 'allow name git.example port 22 any-protocol'",
    ],
  );
  assertEquals(formatTable(report(reached())), [
    "sluice: the command reached nothing",
  ]);
});

Deno.test("formatReport() writes JSON for programs", () => {
  const text = formatReport(
    report(reached({ target: "a.example:443" })),
    "json",
  );
  const { reached: rows, ...rest } = JSON.parse(text);
  assertEquals(rest, {
    command: "make",
    exitCode: 2,
    startedAt: 0,
    duration: 5,
    isIsolated: true,
    others: 0,
  });
  assertEquals(rows[0].host, "a.example");
});

Deno.test("formatReport() writes Markdown that no name can leave", () => {
  const text = formatReport(
    report(reached(
      { target: "a.example:443", result: "refused", rule: "x|`y" },
    )),
    "markdown",
  );
  const lines = text.split("\n");
  assert(text.includes("`make` exited with 2; **1 connection denied.**"));
  assertEquals(
    lines.find((line) => line.includes("a.example")),
    "| `a.example` | 443 | http-connect | 1 | 10 | 20 | denied | `x\\|'y` |",
  );
});

Deno.test("reportFormat() goes by the ending", () => {
  assertEquals(reportFormat("a/b.JSON"), "json");
  assertEquals(reportFormat("b.md"), "markdown");
  assertThrows(() => reportFormat("b.txt"), SyntaxError, "must end in .json");
});
