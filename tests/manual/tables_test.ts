import { assert, assertEquals } from "@std/assert";
import { ADMIN_ROUTES } from "../../lib/admin/routes.ts";
import { DialError, type DialErrorKind } from "../../lib/net/dial_error.ts";
import type {
  ConnectionEvent,
  ConnectionResult,
} from "../../lib/observe/log_event.ts";
import { END_CODES, REFUSAL_CODES } from "../../lib/observe/connection_code.ts";
import { EVENT_CODES } from "../../lib/observe/event_code.ts";
import { MESSAGE_CODES } from "../../lib/observe/message_code.ts";
import { formatJson } from "../../lib/observe/log_json.ts";
import {
  type LimitName,
  Refusal,
  type RefusalKind,
} from "../../lib/policy/limits/refusal.ts";
import { CONDITIONS } from "../../lib/policy/rules/conditions.ts";
import { replyFor } from "../../lib/proxy/reply_table.ts";
import { statusFor } from "../../lib/serve/http/status_table.ts";
import { startTestAdmin } from "../support/admin.ts";
import { tableOf } from "../support/documents.ts";
import { namesOf } from "../support/figures.ts";

const PROTOCOLS = "lib/manual/protocols.md";
const LOGS = "lib/manual/logs-and-metrics.md";

const CANNOT_RESOLVE = "resolver failed; out of descriptors; limit reached";

/** How the row begins that tells of each kind of failure. */
const ROWS: Record<DialErrorKind | RefusalKind, string> = {
  "refused": "the target refused",
  "network unreachable": "network unreachable",
  "host unreachable": "host unreachable",
  "name not found": "host unreachable; the name does not exist",
  "timeout": "no answer in time",
  "parent timeout": "no answer in time, of the target or of a parent",
  "resolver failed": CANNOT_RESOLVE,
  "no descriptors": CANNOT_RESOLVE,
  "limit reached": CANNOT_RESOLVE,
  "draining": "resolver failed; out of descriptors; limit reached; shutdown",
  "parent failed": "a parent failed",
  "failed": "a parent failed",
  "no udp": "no parent relays datagrams",
  "forbidden": "forbidden",
  "loop": "a loop",
  "name mismatch": "the name that is shown",
  "revoked": "a change has revoked it",
  "unauthenticated": "no acceptable method; no credentials",
  "banned": "banned",
};

/** SOCKS5 answers these while the client logs in, and not with a reply. */
const BEFORE_REPLIES = ["unauthenticated", "banned"];

/** What only SOCKS5 can ask for. */
const ONLY_SOCKS5 = ["no udp"];

/** What Sluice decides, where the others happen to a dial. */
const REFUSALS = [
  "banned",
  "draining",
  "limit reached",
  "loop",
  "name mismatch",
  "revoked",
  "unauthenticated",
];

for (const [kind, start] of Object.entries(ROWS)) {
  Deno.test(`the manual has what a client is told of '${kind}'`, () => {
    const error = REFUSALS.includes(kind)
      ? new Refusal(kind as RefusalKind, "why")
      : new DialError(kind as DialErrorKind, "why");
    const row = tableOf(PROTOCOLS, "what happened | SOCKS5 | SOCKS4 | HTTP")
      .find(([what]) => what!.startsWith(start));
    assert(row !== undefined, start);
    const [, socks5, socks4, http] = row;
    const isOfAll = !ONLY_SOCKS5.includes(kind);
    const others = isOfAll ? ["91", `${statusFor(error)}`] : ["", ""];
    assertEquals([socks4, http], others);
    if (BEFORE_REPLIES.includes(kind)) return;
    assertEquals(socks5, `${replyFor(error)}`);
  });
}

Deno.test("the manual has the name of each limit", () => {
  const names: Record<LimitName, true> = {
    "connections": true,
    "connections-per-client": true,
    "connections-per-user": true,
    "associations": true,
    "associations-per-client": true,
    "connection-rate": true,
    "password-checks": true,
    "quota": true,
  };
  const rows = tableOf("lib/manual/limits.md", "limit in JSON logs | option");
  assertEquals(
    rows.map(([name]) => name).filter((name) => name !== "").toSorted(),
    Object.keys(names).toSorted(),
  );
});

Deno.test("the manual has every condition of rules, and no other", () => {
  const rows = tableOf("lib/manual/rules.md", "condition | values");
  const names = rows.map(([name]) => name).filter((name) => name !== "");
  // Not tests by themselves.
  const others = ["any-protocol", "day", "message", "time", "via", "zone"];
  assertEquals(
    names.toSorted(),
    [...Object.keys(CONDITIONS), ...others].toSorted(),
  );
});

Deno.test("the manual has every path of the admin API, and no other", () => {
  const rows = tableOf("lib/manual/admin.md", "path | what it is");
  assertEquals(
    rows.map(([path]) => path).toSorted(),
    ADMIN_ROUTES.map(({ method, path }) =>
      `${method} ${path.replace(/\{(\w+)\}/, (_, id) => id.toUpperCase())}`
    ).toSorted(),
  );
});

Deno.test("the manual has every metric, and no other", async () => {
  await using admin = await startTestAdmin();
  const { text } = await admin.ask("GET", "/metrics");
  const known = [...namesOf(text)]
    .map((name) => name.replace(/(_seconds)_(?:bucket|sum|count)$/, "$1"))
    .filter((name) => !name.startsWith("process_"));
  const told = tableOf(LOGS, "metric | labels")
    .flatMap(([names]) => names!.split(", "));
  assertEquals(told.toSorted(), [...new Set(known), "process_*"].toSorted());
});

const CONNECTION: Required<ConnectionEvent> = {
  event: "connection",
  code: "client-closed",
  startedAt: 0,
  duration: 1,
  listener: "127.0.0.1:1080",
  client: "192.0.2.1:50000",
  id: "1",
  protocol: "socks5",
  command: "udp",
  user: "alice",
  target: "localhost:80",
  targets: ["localhost:80"],
  address: "127.0.0.1:80",
  rule: "lan",
  name: "localhost",
  wouldDeny: { rule: "lan", reason: "Denied by rule lan" },
  via: "parent:1080",
  sent: 1,
  received: 1,
  datagrams: { sent: 1, received: 1, dropped: 1 },
  messages: { sent: 1, received: 1, dropped: 1 },
  endedFirst: "client",
  result: "ok",
  reason: "client closed first",
  limit: "quota",
};

Deno.test("the manual has every field of a connection in the JSON log, and no other", () => {
  const fields = Object.keys(JSON.parse(formatJson(CONNECTION, 0)));
  const told = tableOf(LOGS, "field | what it is")
    .flatMap(([names]) => names!.split(", "));
  assertEquals(
    [...told, "time", "level", "event"].toSorted(),
    fields.toSorted(),
  );
});

for (
  const [head, codes] of [
    ["end", END_CODES],
    ["refusal", REFUSAL_CODES],
    ["message", MESSAGE_CODES],
    ["ban or listener", EVENT_CODES],
  ] as const
) {
  Deno.test(`the manual has every code of the log (${head}), and no other`, () => {
    const told = tableOf("lib/manual/log-codes.md", `${head} | meaning`);
    const plain = Object.entries(codes).map((row) =>
      row.map((cell) => cell.replaceAll("`", ""))
    );
    assertEquals(told.toSorted(), plain.toSorted());
  });
}

Deno.test("the manual has every result, and no other", () => {
  const results: Record<ConnectionResult, true> = {
    ok: true,
    cut: true,
    refused: true,
    failed: true,
    dropped: true,
  };
  const told = tableOf(LOGS, "result | meaning").map(([result]) => result!);
  assertEquals(told.toSorted(), Object.keys(results).toSorted());
});
