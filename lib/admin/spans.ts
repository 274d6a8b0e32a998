/**
 * Traces connections through Deno's OpenTelemetry: a span for each log line
 * about a connection, with a child for each phase.
 *
 * @module
 */

import type { Attributes, Tracer } from "@opentelemetry/api";
import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { LiveConnection } from "../serve/live_connection.ts";
import type { EndedConnection, Registry } from "../serve/registry.ts";
import { parseHostPort } from "../wire/host_port.ts";

type Library = typeof import("@opentelemetry/api");

/** Starts to export the connections of this thread as they end. */
export async function openSpans(registry: Registry): Promise<void> {
  const library = await import("@opentelemetry/api");
  const tracer = library.trace.getTracer("sluice", PROGRAM_VERSION);
  registry.onEnd((ended, live) => tell(library, tracer, ended, live));
}

function tell(
  library: Library,
  tracer: Tracer,
  ended: EndedConnection,
  live: LiveConnection,
): void {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = library;
  const { duration, protocol = "connection", reason, result, startedAt } =
    ended.record;
  const span = tracer.startSpan(protocol, {
    kind: SpanKind.SERVER,
    startTime: startedAt,
    attributes: attributesOf(ended),
  }, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, span);
  for (const { end, hasFailed, name, start } of live.phases) {
    const part = tracer.startSpan(name, {
      kind: name === "dial" ? SpanKind.CLIENT : SpanKind.INTERNAL,
      startTime: performance.timeOrigin + start,
    }, inside);
    if (hasFailed) part.setStatus({ code: SpanStatusCode.ERROR });
    part.end(performance.timeOrigin + end!);
  }
  if (result === "failed" || result === "cut") {
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  }
  span.end(startedAt + duration);
}

/** Names follow the semantic conventions, or begin with `sluice.`. */
function attributesOf(
  { id, listener, record, received, sent }: EndedConnection,
): Attributes {
  const { endedFirst, limit, reason, result, rule, user, via } = record;
  return {
    ...placeOf("client", record.client),
    ...placeOf("server", record.target),
    ...placeOf("network.peer", record.address),
    "sluice.connection": id,
    "sluice.listener": listener.name,
    "sluice.result": result,
    "sluice.close_reason": reason,
    "sluice.bytes_sent": sent,
    "sluice.bytes_received": received,
    ...(user === undefined ? {} : { "user.name": user }),
    ...(via === undefined ? {} : { "sluice.via": via }),
    ...(rule === undefined ? {} : { "sluice.rule": rule }),
    ...(limit === undefined ? {} : { "sluice.limit": limit }),
    ...(endedFirst === undefined ? {} : { "sluice.ended_first": endedFirst }),
  };
}

/** Without host and port, as for a Unix socket, the address is used whole. */
function placeOf(name: string, text: string | undefined): Attributes {
  if (text === undefined) return {};
  try {
    const { host, port } = parseHostPort(text, "");
    return { [`${name}.address`]: host, [`${name}.port`]: port };
  } catch {
    return { [`${name}.address`]: text };
  }
}
