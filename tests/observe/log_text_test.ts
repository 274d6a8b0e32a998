import { assert, assertEquals } from "@std/assert";
import type {
  ConnectionEvent,
  ConnectionResult,
} from "../../lib/observe/log_event.ts";
import { formatDuration, formatText } from "../../lib/observe/log_text.ts";

const NOW = new Date(2024, 1, 29, 2, 0, 1).getTime();

const CONNECTION: ConnectionEvent = {
  event: "connection",
  code: "client-closed",
  startedAt: NOW - 2_000,
  duration: 2_100,
  listener: "127.0.0.1:1080",
  client: "127.0.0.1:50000",
  protocol: "socks5",
  target: "example.com:443",
  address: "192.0.2.1:443",
  sent: 1_200,
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

const PLAIN = { time: "clock", color: false } as const;
const COLORED = { time: "clock", color: true } as const;

Deno.test("formatText() writes a connection", () => {
  const { address: _, protocol: ____, target: __, ...silent } = CONNECTION;
  const { address: ___, ...unreached } = CONNECTION;
  const cases: { event: ConnectionEvent; want: string }[] = [
    {
      event: CONNECTION,
      want:
        "02:00:01 ok      socks5 127.0.0.1:50000       > example.com:443 [192.0.2.1:443]  1.2 kB up, 30 kB down, 2.1 s: client closed first",
    },
    {
      event: { ...CONNECTION, target: "192.0.2.1:443", result: "cut" },
      want:
        "02:00:01 cut     socks5 127.0.0.1:50000       > 192.0.2.1:443  1.2 kB up, 30 kB down, 2.1 s: client closed first",
    },
    {
      event: { ...unreached, result: "failed", reason: "name not found" },
      want:
        "02:00:01 failed  socks5 127.0.0.1:50000       > example.com:443  2.1 s: name not found",
    },
    {
      event: { ...silent, result: "dropped", reason: "client closed" },
      want:
        "02:00:01 dropped -      127.0.0.1:50000        2.1 s: client closed",
    },
    {
      event: { ...unreached, user: "alice", result: "refused", reason: "no" },
      want:
        "02:00:01 refused socks5 alice@127.0.0.1:50000 > example.com:443  2.1 s: no",
    },
    {
      event: {
        ...unreached,
        client: "[2001:db8:1234::1]:50000",
        result: "failed",
        reason: "x",
      },
      want:
        "02:00:01 failed  socks5 [2001:db8:1234::1]:50000 > example.com:443  2.1 s: x",
    },
    {
      event: { ...unreached, target: "echo", reason: "client closed first" },
      want:
        "02:00:01 ok      socks5 127.0.0.1:50000       > echo  1.2 kB up, 30 kB down, 2.1 s: client closed first",
    },
  ];
  for (const { event, want } of cases) {
    assertEquals(formatText(event, NOW, PLAIN), want);
  }
});

Deno.test("formatText() counts the messages of a client of the hub", () => {
  const messages = { sent: 3, received: 500, dropped: 2 };
  const { target: _, address: __, ...event } = CONNECTION;
  const line = formatText({ ...event, messages }, NOW, PLAIN);
  assert(line.includes("3 + 500 messages, 2 dropped, "), line);
});

Deno.test("formatText() quotes a user name with special characters", () => {
  const cases = [
    { user: "alice.b+c-d_e", want: " alice.b+c-d_e@127.0.0.1:50000 >" },
    { user: "a@b", want: ' "a@b"@127.0.0.1:50000 >' },
    { user: "a b", want: ' "a b"@127.0.0.1:50000 >' },
    { user: "", want: ' ""@127.0.0.1:50000' },
    { user: 'a"b', want: ' "a\\"b"@127.0.0.1:50000 >' },
    { user: "a\nb", want: ' "a\\nb"@127.0.0.1:50000 >' },
    { user: "a\x9bb", want: ' "a\\u009bb"@127.0.0.1:50000 >' },
  ];
  for (const { user, want } of cases) {
    const line = formatText({ ...CONNECTION, user }, NOW, PLAIN);
    assert(line.includes(want), line);
  }
});

Deno.test("formatText() writes the time as it is told", () => {
  const event = {
    event: "message",
    level: "info",
    code: "banner",
    message: "hello",
  } as const;
  const cases = [
    ["clock", "02:00:01 info    hello"],
    ["date", "2024-02-29 02:00:01 info    hello"],
    ["utc", `${new Date(NOW).toISOString()} info    hello`],
    ["none", "info    hello"],
  ] as const;
  for (const [time, want] of cases) {
    assertEquals(formatText(event, NOW, { time, color: false }), want);
  }
});

Deno.test("formatText() writes a message", () => {
  const cases = [
    { level: "info", want: "02:00:01 info    Hi\\u000a" },
    { level: "warning", want: "02:00:01 warning Hi\\u000a" },
    { level: "error", want: "02:00:01 error   Hi\\u000a" },
  ] as const;
  for (const { level, want } of cases) {
    const event = {
      event: "message",
      level,
      code: "banner",
      message: "Hi\n",
    } as const;
    assertEquals(formatText(event, NOW, PLAIN), want);
  }
});

Deno.test("formatText() writes a ban", () => {
  const ban = {
    event: "ban",
    code: "client-banned",
    client: "2001:db8::/64",
    duration: 60_000,
    failures: 10,
    window: 90_000,
  } as const;
  assertEquals(
    formatText(ban, NOW, PLAIN),
    "02:00:01 banned  2001:db8::/64 for 1m: 10 failures in 90s",
  );
  assertEquals(
    formatText({ ...ban, failures: 1, user: "a b\n" }, NOW, PLAIN),
    '02:00:01 banned  2001:db8::/64 for 1m: 1 failure in 90s as "a b\\n", who is under attack',
  );
  assertEquals(
    formatText(ban, NOW, COLORED).startsWith(
      "\x1b[90m02:00:01\x1b[0m \x1b[31mbanned \x1b[0m 2001:db8::/64 for",
    ),
    true,
  );
});

Deno.test("formatText() colours only the time and the result", () => {
  const colors: Record<ConnectionResult, number> = {
    ok: 32,
    cut: 33,
    refused: 33,
    failed: 31,
    dropped: 90,
  };
  for (const [name, color] of Object.entries(colors)) {
    const result = name as ConnectionResult;
    const event = { ...CONNECTION, result, reason: "\x1b[5m" };
    const line = formatText(event, NOW, COLORED);
    const start = `\x1b[90m02:00:01\x1b[0m \x1b[${color}m${
      result.padEnd(7)
    }\x1b[0m socks5 127.`;
    assert(line.startsWith(start), line);
    assert(line.endsWith("\\u001b[5m"), line);
    assertEquals(
      // deno-lint-ignore no-control-regex
      line.replaceAll(/\x1b\[\d+m/g, ""),
      formatText(event, NOW, PLAIN),
    );
  }
});

Deno.test("formatText() is one safe line whatever a client sends", () => {
  const next = random(5);
  for (let n = 0; n < 5_000; n++) {
    const event = {
      ...CONNECTION,
      user: hostileText(next),
      target: hostileText(next),
      reason: hostileText(next),
    };
    const message = hostileText(next);
    for (
      const line of [
        formatText(event, NOW, PLAIN),
        formatText(
          { event: "message", level: "info", code: "banner", message },
          NOW,
          PLAIN,
        ),
      ]
    ) {
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f-\x9f\u2028-\u202e]/.test(line), line);
      assert(line.isWellFormed());
    }
  }
});

Deno.test("formatDuration() changes the unit where the next one starts", () => {
  const cases = [
    { milliseconds: 0, want: "0 ms" },
    { milliseconds: 0.4, want: "0 ms" },
    { milliseconds: 0.5, want: "1 ms" },
    { milliseconds: 12, want: "12 ms" },
    { milliseconds: 999.4, want: "999 ms" },
    { milliseconds: 999.5, want: "1.0 s" },
    { milliseconds: 1_000, want: "1.0 s" },
    { milliseconds: 2_100, want: "2.1 s" },
    { milliseconds: 30_000, want: "30.0 s" },
    { milliseconds: 59_949, want: "59.9 s" },
    { milliseconds: 59_950, want: "1 min 0 s" },
    { milliseconds: 60_000, want: "1 min 0 s" },
    { milliseconds: 119_600, want: "2 min 0 s" },
    { milliseconds: 200_000, want: "3 min 20 s" },
    { milliseconds: 3_599_400, want: "59 min 59 s" },
    { milliseconds: 3_599_500, want: "1 h 0 min" },
    { milliseconds: 18_420_000, want: "5 h 7 min" },
    { milliseconds: 360_000_000, want: "100 h 0 min" },
  ];
  for (const { milliseconds, want } of cases) {
    assertEquals(formatDuration(milliseconds), want);
  }
});
