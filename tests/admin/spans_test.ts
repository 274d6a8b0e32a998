// deno-lint-ignore-file no-explicit-any
import { assert, assertEquals } from "@std/assert";
import { startHttp } from "../support/programs.ts";
import { connectRequest, readReply } from "../support/proxy.ts";
import { PATIENCE, RunningProgram } from "../support/running_program.ts";
import { Sluice, spawnSluice } from "../support/sluice.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import { eventually } from "../support/dialogue.ts";

interface Span {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Record<string, unknown>;
  status: { code: number; message: string };
}

/** The data that a collector received (OTLP over HTTP, in JSON). */
class Collector implements AsyncDisposable {
  readonly spans: Span[] = [];
  readonly metrics = new Set<string>();
  /** Last values of sums without attributes. */
  readonly sums = new Map<string, number>();
  readonly #server = startHttp(async (request) => {
    const body = await request.json();
    this.#take(body);
    return Response.json({});
  });

  get environment(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_METRIC_EXPORT_INTERVAL: "100",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_DENO_CONSOLE: "ignore",
    };
  }

  #take({ resourceMetrics = [], resourceSpans = [] }: any): void {
    for (const { scopeSpans } of resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        if (scope.name === "sluice") this.spans.push(...spans.map(plain));
      }
    }
    for (const { scopeMetrics } of resourceMetrics) {
      for (const { scope, metrics } of scopeMetrics) {
        if (scope.name !== "sluice") continue;
        for (const { name, sum } of metrics) {
          this.metrics.add(name);
          const { asDouble, asInt } = sum?.dataPoints[0] ?? {};
          this.sums.set(name, Number(asDouble ?? asInt));
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function plain(span: any): Span {
  const attributes = span.attributes.map(({ key, value }: any) => [
    key,
    Object.values(value)[0],
  ]);
  return { ...span, attributes: Object.fromEntries(attributes) };
}

Deno.test("openSpans() exports a span for each connection with its phases, and sums of connections and bytes", async () => {
  await using collector = new Collector();
  await using echo = startEcho();
  const port = closedPort();
  await using sluice = new Sluice(
    { env: collector.environment },
    "--user",
    "alice:secret",
  );
  const at = await sluice.port();
  for (const to of [echo.addr.port, port]) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: at });
    await writeAll(conn, [5, 1, 2]);
    await readExactly(conn, 2);
    await writeAll(conn, [1, 5, ...bytes("alice"), 6, ...bytes("secret")]);
    await readExactly(conn, 2);
    await writeAll(conn, connectRequest("localhost", to));
    if ((await readReply(conn)).reply !== 0) continue;
    await writeAll(conn, "hello");
    await readExactly(conn, 5);
  }
  await sluice.line(/closed first/);
  await sluice.line(/refused/);
  assert(await eventually(() => collector.metrics.size >= 3, PATIENCE));
  assertEquals([...collector.metrics].toSorted(), [
    "sluice.bytes",
    "sluice.connections",
    "sluice.connections.open",
  ]);
  sluice.kill("SIGTERM");
  await sluice.code();
  const roots = collector.spans.filter(({ parentSpanId }) => !parentSpanId);
  assertEquals(roots.map(({ name }) => name), ["socks5", "socks5"]);
  const [ok, failed] = roots.toSorted((a, b) =>
    Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano))
  );
  checkTunnel(ok!, collector.spans, echo.addr.port);
  assertEquals([failed!.attributes["sluice.result"], failed!.status.code], [
    "failed",
    2,
  ]);
  const parts = collector.spans.filter(({ parentSpanId }) =>
    parentSpanId === failed!.spanId
  );
  const dial = parts.find(({ name }) => name === "dial")!;
  assertEquals(dial.status.code, 2);
  assert(!JSON.stringify(collector.spans).includes("secret"));
});

function checkTunnel(root: Span, spans: readonly Span[], port: number): void {
  const { attributes } = root;
  assertEquals(
    {
      target: attributes["server.address"],
      port: Number(attributes["server.port"]),
      client: attributes["client.address"],
      user: attributes["user.name"],
      result: attributes["sluice.result"],
      reason: attributes["sluice.close_reason"],
      endedFirst: attributes["sluice.ended_first"],
      sent: Number(attributes["sluice.bytes_sent"]),
    },
    {
      target: "localhost",
      port,
      client: "127.0.0.1",
      user: "alice",
      result: "ok",
      reason: "client closed first",
      endedFirst: "client",
      sent: 5,
    },
  );
  const parts = spans.filter(({ parentSpanId }) =>
    parentSpanId === root.spanId
  );
  const order = parts.toSorted((a, b) =>
    Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano))
  );
  assertEquals(order.map(({ name }) => name), [
    "auth",
    "rule",
    "resolve",
    "rule",
    "dial",
    "tunnel",
  ]);
  for (const part of parts) {
    assertEquals(part.traceId, root.traceId);
    const length = BigInt(part.endTimeUnixNano) -
      BigInt(part.startTimeUnixNano);
    assert(length >= 0n && length < 60_000_000_000n, part.name);
  }
}

Deno.test("openSpans() disturbs nothing without a collector", async () => {
  await using echo = startEcho();
  await using sluice = new Sluice({
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${closedPort()}`,
    },
  });
  const conn = await sluice.openTunnel(echo.addr);
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  conn.close();
  await sluice.line(/closed first/);
  sluice.kill("SIGTERM");
  assertEquals(await within(PATIENCE, sluice.code()), 0);
});

Deno.test("the program ends while an export is in progress", async () => {
  await using collector = new Collector();
  await using echo = startEcho();
  const env = { ...collector.environment, OTEL_METRIC_EXPORT_INTERVAL: "1" };
  await Promise.all(Array.from({ length: 2 }, async () => {
    await using sluice = new Sluice({ env });
    const tunnel = await sluice.openTunnel(echo.addr);
    tunnel.close();
    await sluice.line(/closed first/);
    sluice.kill("SIGTERM");
    assertEquals(await within(PATIENCE, sluice.code()), 0);
  }));
});

Deno.test("openSpans() exports spans in a worker, and openMeters() sums outside it", async () => {
  await using collector = new Collector();
  const child = spawnSluice([], {
    module: "tests/admin/traced_worker.ts",
    env: collector.environment,
    stdin: "piped",
    stdout: "null",
  });
  await using worker = new RunningProgram(child);
  const isThere = () => collector.sums.get("sluice.connections") === 1;
  assert(await eventually(isThere, PATIENCE));
  await child.stdin.close();
  assertEquals(await worker.code(), 0);
  const roots = collector.spans.filter(({ parentSpanId }) => !parentSpanId);
  assertEquals(roots.map(({ name }) => name), ["socks5"]);
  const parts = collector.spans.filter(({ parentSpanId }) =>
    parentSpanId === roots[0]!.spanId
  );
  assert(parts.some(({ name }) => name === "dial"));
  assertEquals(Number(roots[0]!.attributes["sluice.bytes_sent"]), 5);
  assertEquals(collector.sums.get("sluice.connections"), 1);
});

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
