import { assertEquals } from "@std/assert";
import { LogReader } from "../../lib/observe/log_reader.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { formatJson } from "../../lib/observe/log_json.ts";
import {
  type LoggedConnection,
  parseConnection,
} from "../../lib/observe/logged_connection.ts";

const EVENT: ConnectionEvent = {
  event: "connection",
  code: "client-closed",
  startedAt: Date.parse("2026-11-20T08:00:00Z"),
  duration: 12,
  listener: "127.0.0.1:1080",
  client: "10.0.0.1:50000",
  protocol: "socks5",
  user: "alice",
  target: "www.example:443",
  address: "192.0.2.1:443",
  rule: "web",
  sent: 1,
  received: 2,
  result: "ok",
  reason: "client closed first",
};

function line(changes: Partial<ConnectionEvent> = {}): string {
  return formatJson({ ...EVENT, ...changes }, EVENT.startedAt + 1);
}

/** Reads a log; returns the judged and the counted connections. */
function read(
  text: string,
  { size = text.length, differsBy }: {
    size?: number;
    differsBy?: "client" | "listener" | "time";
  } = {},
) {
  const judged: LoggedConnection[] = [];
  const counted: string[] = [];
  const reader = new LogReader<string>({
    judge: (connection) => {
      judged.push(connection);
      return connection.target ?? "";
    },
    count: (target) => counted.push(target),
    differsBy,
  });
  for (let at = 0; at < text.length; at += size) {
    reader.push(text.slice(at, at + size));
  }
  reader.end();
  return { judged, counted, reader };
}

Deno.test("parseConnection() parses a logged connection", () => {
  assertEquals(parseConnection(line()), {
    client: "10.0.0.1:50000",
    listener: "127.0.0.1:1080",
    result: "ok",
    startedAt: EVENT.startedAt,
    address: "192.0.2.1:443",
    protocol: "socks5",
    rule: "web",
    target: "www.example:443",
    user: "alice",
  });
  const udp = { command: "udp", targets: ["a:53", "b:53"] } as const;
  const { command, targets } = parseConnection(line(udp)) as LoggedConnection;
  assertEquals({ command, targets }, { ...udp, targets: [...udp.targets] });
});

Deno.test("parseConnection() returns undefined for other events, and reports text that is not JSON", () => {
  const others = [
    '{"event":"message","message":"hi"}',
    '{"event":"connection"}',
    line().replace('"ok"', '"fine"'),
    "{}",
  ];
  for (const other of others) assertEquals(parseConnection(other), undefined);
  for (const other of ["12:00:01 ok", "", "3", "null", line().slice(0, 90)]) {
    assertEquals(parseConnection(other), "unreadable", other);
  }
});

Deno.test("LogReader judges equal lines once, and counts each", () => {
  const lines = [1, 2, 3].map((n) =>
    line({ client: `10.0.0.${n}:5000${n}`, sent: n, reason: `"${n}"` })
  );
  const text = lines.join("\n") + "\n";
  for (const size of [text.length, 1, 7, 300]) {
    const { counted, judged, reader } = read(text, { size });
    assertEquals([counted.length, judged.length, reader.lines], [3, 1, 3]);
  }
  assertEquals(read(text, { differsBy: "client" }).judged.length, 3);
  assertEquals(read(text, { differsBy: "listener" }).judged.length, 1);
  const elsewhere = text.replace("127.0.0.1:1080", "127.0.0.2:1080");
  assertEquals(read(elsewhere, { differsBy: "listener" }).judged.length, 2);
  assertEquals(read(elsewhere).judged.length, 1);
  const again = text.replaceAll(/10\.0\.0\.\d/g, "10.0.0.1");
  assertEquals(read(again, { differsBy: "client" }).judged.length, 1);
  assertEquals(read(again, { differsBy: "time" }).judged.length, 3);
});

Deno.test("LogReader distinguishes lines with different requests", () => {
  const changes: Partial<ConnectionEvent>[] = [
    { user: "bob" },
    { user: 'a","target":"x:1' },
    { user: 'a","reason":"' },
    { user: "a\\" },
    { user: "ä" },
    { target: "www.example:80" },
    { address: "192.0.2.2:443" },
    { result: "refused" },
    { protocol: "http" },
    { via: "socks5://192.0.2.9" },
    { rule: "other" },
    { command: "udp", targets: ["a:53"] },
    { command: "udp", targets: ["b:53"] },
    { id: "7" },
  ];
  const lines = [line(), ...changes.map(line)];
  const { counted, judged } = read([...lines, ...lines].join("\n"));
  assertEquals(counted.length, 2 * lines.length);
  // The id is not part of the request.
  assertEquals(judged.length, lines.length - 1);
  assertEquals(judged, lines.slice(0, -1).map((one) => parseConnection(one)));
});

Deno.test("LogReader treats ignored addresses as equal", () => {
  const judged: (string | undefined)[] = [];
  const reader = new LogReader<true>({
    judge: ({ address }) => {
      judged.push(address);
      return true;
    },
    count: () => {},
    ignored: /93\.\d+\.\d+\.\d+(?=:)/y,
  });
  const changes = ["93.0.0.1:1", "93.0.0.2:1", "10.0.0.1:1", "93.0.0.3:2"]
    .map((address) => ({ address }));
  const none = { address: undefined } as unknown as { address: string };
  const lines = [...changes, none, changes[1]!].map((one) => line(one));
  reader.push(lines.join("\n") + "\n");
  assertEquals(judged, ["93.0.0.1:1", "10.0.0.1:1", "93.0.0.3:2", undefined]);
});

Deno.test("LogReader parses lines with keys in another order", () => {
  const sorted = (text: string) => {
    const fields = JSON.parse(text);
    return JSON.stringify(
      Object.fromEntries(
        Object.keys(fields).sort().map((key) => [key, fields[key]]),
      ),
    );
  };
  const lines = ["a:1", "b:2", "c:3"].map((target) => sorted(line({ target })));
  assertEquals(read(lines.join("\n")).counted, ["a:1", "b:2", "c:3"]);
});

Deno.test("LogReader skips lines that are not JSON, or endless", () => {
  const endless = "x".repeat(3_000_000);
  const text = ["sluice: hello", line(), "", endless, line(), line().slice(9)]
    .join("\n");
  for (const size of [text.length, 100_000]) {
    const { counted, reader } = read(text, { size });
    assertEquals(counted.length, 2);
    assertEquals([reader.lines, reader.unreadable], [6, 3]);
  }
});
