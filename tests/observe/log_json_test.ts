import { assert, assertEquals } from "@std/assert";
import type {
  ConnectionEvent,
  ConnectionResult,
} from "../../lib/observe/log_event.ts";
import { formatJson } from "../../lib/observe/log_json.ts";

const NOW = Date.UTC(2024, 1, 29, 12, 0, 1, 5);

const CONNECTION: ConnectionEvent = {
  event: "connection",
  code: "client-closed",
  startedAt: NOW - 2_000,
  duration: 1999.96,
  listener: "127.0.0.1:1080",
  client: "127.0.0.1:50000",
  protocol: "socks5",
  user: "alice",
  target: "example.com:443",
  address: "192.0.2.1:443",
  rule: "office",
  sent: 1234,
  received: 30_000,
  endedFirst: "client",
  result: "ok",
  reason: "client closed first",
};

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let n = Math.imul(seed ^ seed >>> 15, seed | 1);
    n ^= n + Math.imul(n ^ n >>> 7, n | 61);
    return ((n ^ n >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Text with many dangerous characters: controls, lone surrogates, quotes. */
function hostileText(next: () => number): string {
  const codes = Array.from({ length: Math.floor(next() * 12) }, () => {
    const kind = next();
    if (kind < 0.3) return Math.floor(next() * 0xa0);
    if (kind < 0.4) return 0x2000 + Math.floor(next() * 0x70);
    if (kind < 0.6) return 0xd800 + Math.floor(next() * 0x800);
    if (kind < 0.7) return next() < 0.5 ? 0x5c : 0x22;
    return Math.floor(next() * 0x10000);
  });
  return String.fromCharCode(...codes);
}

Deno.test("formatJson() counts the messages of a client of the hub", () => {
  const messages = { sent: 3, received: 500, dropped: 2 };
  const line = JSON.parse(formatJson({ ...CONNECTION, messages }, NOW));
  assertEquals(
    [line.messages_sent, line.messages_received, line.messages_dropped],
    [3, 500, 2],
  );
});

Deno.test("formatJson() writes every field of a connection", () => {
  assertEquals(JSON.parse(formatJson(CONNECTION, NOW)), {
    time: "2024-02-29T12:00:01.005Z",
    level: "info",
    event: "connection",
    code: "client-closed",
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:50000",
    protocol: "socks5",
    user: "alice",
    target: "example.com:443",
    address: "192.0.2.1:443",
    rule: "office",
    result: "ok",
    reason: "client closed first",
    ended_first: "client",
    started_at: "2024-02-29T11:59:59.005Z",
    duration_ms: 2000,
    bytes_sent: 1234,
    bytes_received: 30_000,
  });
});

Deno.test("formatJson() leaves out unknown values", () => {
  const line = formatJson({
    event: "connection",
    code: "client-closed",
    startedAt: NOW,
    duration: 0.04,
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:50000",
    sent: 0,
    received: 0,
    result: "dropped",
    reason: "client closed",
  }, NOW);
  assertEquals(JSON.parse(line), {
    time: "2024-02-29T12:00:01.005Z",
    level: "warning",
    event: "connection",
    code: "client-closed",
    listener: "127.0.0.1:1080",
    client: "127.0.0.1:50000",
    result: "dropped",
    reason: "client closed",
    started_at: "2024-02-29T12:00:01.005Z",
    duration_ms: 0,
    bytes_sent: 0,
    bytes_received: 0,
  });
});

Deno.test("formatJson() writes level info for a good end and warning for any other", () => {
  const levels: Record<ConnectionResult, string> = {
    ok: "info",
    cut: "warning",
    refused: "warning",
    failed: "warning",
    dropped: "warning",
  };
  for (const [result, level] of Object.entries(levels)) {
    const event = { ...CONNECTION, result: result as ConnectionResult };
    assertEquals(JSON.parse(formatJson(event, NOW)).level, level);
  }
});

Deno.test("formatJson() writes a message", () => {
  for (const level of ["info", "warning", "error"] as const) {
    const line = formatJson({
      event: "message",
      level,
      code: "banner",
      message: "Hi\n",
    }, NOW);
    assertEquals(
      line,
      `{"time":"2024-02-29T12:00:01.005Z","level":"${level}","event":"message","code":"banner","message":"Hi\\n"}`,
    );
  }
});

Deno.test("formatJson() writes a ban with the client directly after the event", () => {
  const ban = {
    event: "ban",
    code: "client-banned",
    client: "192.0.2.1",
    duration: 60_000,
    failures: 10,
    window: 120_000,
  } as const;
  const start =
    '{"time":"2024-02-29T12:00:01.005Z","level":"warning","event":"ban","client":"192.0.2.1","duration_ms":60000,"failures":10,"window_ms":120000';
  assertEquals(formatJson(ban, NOW), `${start},"code":"client-banned"}`);
  assertEquals(
    formatJson({ ...ban, user: 'a"\n' }, NOW),
    `${start},"user":"a\\"\\n","code":"client-banned"}`,
  );
});

Deno.test("formatJson() rounds a duration to a tenth of a millisecond", () => {
  const cases = [
    { duration: 0, want: 0 },
    { duration: 0.05, want: 0.1 },
    { duration: 12.34, want: 12.3 },
    { duration: 99.96, want: 100 },
    { duration: 86_400_000.06, want: 86_400_000.1 },
  ];
  for (const { duration, want } of cases) {
    const line = formatJson({ ...CONNECTION, duration }, NOW);
    assertEquals(JSON.parse(line).duration_ms, want);
  }
});

Deno.test("formatJson() is one line of valid JSON whatever a client sends", () => {
  const next = random(4);
  for (let n = 0; n < 5_000; n++) {
    const fields = {
      user: hostileText(next),
      target: hostileText(next),
      reason: hostileText(next),
    };
    const line = formatJson({ ...CONNECTION, ...fields }, NOW);
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f-\x9f\u2028-\u202e]/.test(line), line);
    assert(line.isWellFormed());
    const { user, target, reason } = JSON.parse(line);
    assertEquals({ user, target, reason }, fields);
    const message = hostileText(next);
    const event = {
      event: "message",
      level: "error",
      code: "banner",
      message,
    } as const;
    assertEquals(JSON.parse(formatJson(event, NOW)).message, message);
  }
});

Deno.test("formatJson() writes the limit that a connection reached", () => {
  const event = { ...CONNECTION, result: "cut", limit: "quota" } as const;
  assertEquals(JSON.parse(formatJson(event, NOW)).limit, "quota");
  assertEquals(JSON.parse(formatJson(CONNECTION, NOW)).limit, undefined);
});
