/** Cases of `pipeTo` from one socket to another, for the platform's and for ours. */

import type { ByteChannel } from "../../lib/net/connection.ts";
import { Inbox } from "../../lib/net/inbox.ts";
import { SocketReadable } from "../../lib/net/socket_readable.ts";
import { SocketWritable } from "../../lib/net/socket_writable.ts";
import { Traffic } from "../../lib/net/traffic.ts";

/** A connection that a case directs, and that notes what is done to it. */
export class ScriptedChannel implements ByteChannel {
  /** What was called, in order; bytes of writes in a row are one entry. */
  readonly calls: string[] = [];
  /** Bytes that one write takes at most. */
  mostWritten = Infinity;
  readonly #reads: PromiseWithResolvers<Uint8Array | null>[] = [];
  #next = 0;
  #gate: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #closeFailure: { error: unknown } | undefined;

  /** Brings bytes, or end of file with `null`, to the next read. */
  bring(bytes: number[] | null): void {
    this.#read(this.#next++).resolve(bytes && new Uint8Array(bytes));
  }

  /** Makes the next read fail. */
  break(error: unknown): void {
    const read = this.#read(this.#next++);
    read.promise.catch(() => {});
    read.reject(error);
  }

  /** Makes writes wait; the result lets them go on. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  /** Whether writes fail. */
  get isRefusing(): boolean {
    return this.#failure !== undefined;
  }

  /** Makes writes fail. */
  refuse(error: unknown): void {
    this.#failure = { error };
  }

  /** Makes the end of file fail. */
  refuseEnd(error: unknown): void {
    this.#closeFailure = { error };
  }

  #asked = 0;

  async read(buffer: Uint8Array): Promise<number | null> {
    const bytes = await this.#read(this.#asked++).promise;
    if (bytes === null) return null;
    buffer.set(bytes);
    return bytes.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const taken = [...bytes.subarray(0, this.mostWritten)];
    await this.#gate;
    if (this.#failure !== undefined) throw this.#failure.error;
    const last = this.calls.at(-1);
    const isRun = last?.startsWith("write");
    const text = taken.join(" ");
    if (isRun) this.calls[this.calls.length - 1] += ` ${text}`;
    else this.calls.push(`write ${text}`);
    return taken.length;
  }

  async closeWrite(): Promise<void> {
    await this.#gate;
    this.calls.push("end");
    if (this.#closeFailure !== undefined) throw this.#closeFailure.error;
  }

  [Symbol.dispose](): void {
    this.calls.push("close");
  }

  #read(n: number): PromiseWithResolvers<Uint8Array | null> {
    this.#reads[n] ??= Promise.withResolvers();
    return this.#reads[n];
  }
}

/** Both ends of a pipe, and what a case needs to direct them. */
export interface Stage {
  from: ScriptedChannel;
  to: ScriptedChannel;
  source: SocketReadable;
  destination: SocketWritable;
  controller: AbortController;
  /** Starts the pipe that is tried. */
  pipe(options?: StreamPipeOptions): void;
  /** Lets everything that can happen happen. */
  settle(): Promise<void>;
}

/** What is compared. */
export interface Outcome {
  from: string[];
  to: string[];
  lockedAtOnce: [source: boolean, destination: boolean];
  lockedAfter: [source: boolean, destination: boolean];
  result: unknown;
  source: unknown;
  destination: unknown;
  /** What a reader finds in the source afterwards. */
  rest: number[];
  /** Bytes that were taken from the source, with those. */
  taken: number;
  /** Whether writes were made to fail. */
  wasRefused: boolean;
}

/** A pipe, as a method is called. */
export type PipeTo = (
  source: SocketReadable,
  destination: SocketWritable,
  options: StreamPipeOptions,
) => Promise<void>;

/** Plays a case with one of the pipes. */
export async function play(
  direct: (stage: Stage) => Promise<void> | void,
  pipeTo: PipeTo,
): Promise<Outcome> {
  const from = new ScriptedChannel();
  const to = new ScriptedChannel();
  const traffic = new Traffic();
  const inbox = new Inbox(from, traffic);
  const source = new SocketReadable(inbox);
  const destination = new SocketWritable(to);
  let result: unknown = "not started";
  let lockedAtOnce: Outcome["lockedAtOnce"] = [false, false];
  await direct({
    from,
    to,
    source,
    destination,
    controller: new AbortController(),
    pipe(options = {}) {
      result = "pending";
      pipeTo(source, destination, options).then(
        () => result = "resolved",
        (error) => result = ["rejected", describe(error)],
      );
      lockedAtOnce = [source.locked, destination.locked];
    },
    settle,
  });
  await settle();
  const lockedAfter: Outcome["lockedAfter"] = [
    source.locked,
    destination.locked,
  ];
  const [before, after] = [[...from.calls], [...to.calls]];
  const outcome: Outcome = {
    from: before,
    to: after,
    lockedAtOnce,
    lockedAfter,
    result,
    wasRefused: to.isRefusing,
    ...await readRest(source),
    taken: traffic.received,
    destination: destination.locked
      ? "locked"
      : await stateOf(destination.getWriter()),
  };
  inbox.release();
  return outcome;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads what is there, and waits for no more; tells the state after it. */
async function readRest(
  source: SocketReadable,
): Promise<Pick<Outcome, "rest" | "source">> {
  const rest: number[] = [];
  if (source.locked) return { rest, source: "locked" };
  // It is not released, because the errors of that cost more than the pipe.
  const reader = source.getReader();
  try {
    while (true) {
      const read = await Promise.race([reader.read(), settle()]);
      if (read === undefined || read.done) break;
      rest.push(...read.value);
    }
  } catch {
    // Its state tells.
  }
  return { rest, source: await stateOf(reader) };
}

/** Open, closed, or broken and by what. */
async function stateOf({ closed }: { closed: Promise<unknown> }) {
  return await Promise.race([
    closed.then(() => "closed", (error) => ["broken", describe(error)]),
    settle().then(() => "open"),
  ]);
}

/** A type error is made by the platform or by us, with words of each. */
function describe(error: unknown): unknown {
  return error instanceof TypeError ? "TypeError" : error;
}
