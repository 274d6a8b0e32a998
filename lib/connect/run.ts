/**
 * Runs `sluice connect`: dials, carries bytes both ways, and reports how it
 * ended.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { Duplex } from "../net/duplex.ts";
import { tunnel, type TunnelResult } from "../net/tunnel.ts";
import { countOf } from "../observe/count_of.ts";
import { escape } from "../observe/escape.ts";
import { formatBytes } from "../observe/format_bytes.ts";
import { formatDuration } from "../observe/log_text.ts";
import { Context } from "../sync/context.ts";
import {
  checkConnectOptions,
  CONNECT_OPTIONS,
  type ConnectOptions,
} from "./options.ts";
import { needsTls } from "../serve/target/open_parents.ts";
import { JsonChannel } from "./json_channel.ts";
import { openOutgoingTls } from "../serve/tls/outgoing.ts";
import { openRemote, type Remote } from "./open_remote.ts";
import { printErrors } from "../cli/print_lines.ts";
import { settingsOf } from "../cli/settings.ts";
import { listenForSignals, signalExitCode } from "../cli/stop_signals.ts";
import { Stdio } from "./stdio.ts";

/** Bytes for one read of the input. A typed line becomes one datagram. */
const LEAST_READ = 8 * 1024;

/** An interruption by the user. */
class Interruption extends Error {
  readonly code: number;

  constructor(signal: string) {
    super(`ended by ${signal}`);
    this.code = signalExitCode(signal);
  }
}

/**
 * Connects, and carries bytes until both ends have closed.
 *
 * @returns Exit code: 0 if both ends closed, 1 if the connection was cut or
 *   lines were refused, 130 or 143 after a signal.
 * @throws {UsageError} If options contradict each other.
 * @throws {StartError} If the target can't be reached.
 */
export async function runConnect(options: ConnectOptions): Promise<number> {
  checkConnectOptions(options);
  using signals = listenForSignals();
  using context = new Context();
  signals.next().then((signal) => context.cancel(new Interruption(signal)));
  const parents = settingsOf(CONNECT_OPTIONS, options).parents;
  const isTls = options.tls || needsTls(parents);
  const { startTls } = await openOutgoingTls(options, isTls, {
    log(event) {
      if (event.event === "message") say(`sluice: ${event.message}`);
    },
  });
  try {
    const remote = await openRemote(options, context, { parents, startTls });
    return await converse(remote, options, context);
  } catch (error) {
    if (error instanceof Interruption) return error.code;
    throw error;
  }
}

async function converse(
  { connection, duplex, at }: Remote,
  options: ConnectOptions,
  context: Context,
): Promise<number> {
  using _closing = connection;
  const isTyped = Deno.stdin.isTerminal();
  const isShown = Deno.stdout.isTerminal();
  const { json, quiet, raw } = options;
  const warn = (message: string) => say(`sluice: ${message}`);
  const stdio = new Stdio(Deno.stdin, Deno.stdout, {
    ...{ isTyped, isShown, raw, warn },
  });
  const lines = json ? new JsonChannel(stdio, warn) : undefined;
  if (isTyped && !quiet) {
    say(`Connected to ${at}; Ctrl-D ends the input, Ctrl-C ends everything`);
  }
  const started = performance.now();
  const target = duplex ?? new Duplex(connection);
  const before = target.received;
  const client = new Duplex(lines ?? stdio, LEAST_READ);
  const result = await tunnel(client, target, context, {
    idleTimeout: options["idle-timeout"],
    halfCloseTimeout: {
      client: Infinity,
      // At a terminal, input makes no sense after the target has closed.
      target: isTyped ? 0 : options["half-close-timeout"],
    },
  });
  // Reports start on a new line.
  const isBetween = stdio.isLineOpen || result.error instanceof Interruption;
  if (isShown && isBetween && !quiet) say("");
  const refused = lines?.refused ?? 0;
  const code = exitCode(result, refused);
  if (code === 1 && result.error !== undefined) {
    say(`sluice: Connection to ${at} was cut: ${reasonOf(result)}`);
  }
  const time = formatDuration(performance.now() - started);
  if (!quiet) {
    const both = `Sent ${count(result.sent)}, received ${
      count(target.received - before)
    }`;
    const left = refused > 0 ? `, ${refused} lines refused` : "";
    say(`${both} in ${time}${left}: ${reasonOf(result)}`);
  }
  return code;
}

function exitCode(result: TunnelResult, refused: number): number {
  const { error } = result;
  if (error instanceof Interruption) return error.code;
  const isCut = error !== undefined && !isOutputClosed(result) &&
    !isInputLeft(result);
  return isCut || refused > 0 ? 1 : 0;
}

/**
 * The reader of standard output, such as `head`, wanted no more. This is not a
 * failure.
 */
function isOutputClosed({ error, failed }: TunnelResult): boolean {
  return failed === "client" && error instanceof Deno.errors.BrokenPipe;
}

/** The target had closed, and the input sent nothing within the time limit. */
function isInputLeft({ endedFirst, error, failed }: TunnelResult): boolean {
  return endedFirst === "target" && failed === undefined &&
    error instanceof DOMException && error.name === "TimeoutError";
}

function reasonOf(result: TunnelResult): string {
  const { endedFirst, error, failed } = result;
  if (isOutputClosed(result)) return "standard output was closed";
  if (error === undefined || isInputLeft(result)) {
    return endedFirst === "client"
      ? "input ended first"
      : "target closed first";
  }
  const why = describeError(error);
  return failed === "client" ? `standard input or output: ${why}` : why;
}

function count(bytes: number): string {
  const exact = countOf(bytes, "byte");
  return bytes < 1000 ? exact : `${exact} (${formatBytes(bytes)})`;
}

function say(line: string): void {
  try {
    printErrors([escape(line)]);
  } catch {
    // Nobody reads the message; the connection continues.
  }
}
