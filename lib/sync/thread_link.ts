/**
 * How threads of the program talk: each end asks the other and answers it, or
 * tells it what needs no answer. All that goes between them is a plain value.
 *
 * ```text
 * supervisor                        thread
 *   | -- { id, name, values } ------> | does it
 *   | <------------ { id, answer } -- | or { id, fault }
 *   | <----------- { name, values } - | tells
 * ```
 *
 * @module
 */

/** Questions that may wait for an answer. */
const MOST_WAITING = 10_000;

/** The line was closed: the other end answers nothing any more. */
export class ThreadEnded extends Error {
  /**
   * Constructs an error.
   *
   * @param why Why it was closed.
   */
  constructor(why: string) {
    super(why);
    this.name = "ThreadEnded";
  }
}

/** One end of a line: a `Worker`, the scope of one, or a `MessagePort`. */
export interface LinkPort {
  /** Takes messages of the other end. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Sends to the other end. */
  postMessage(message: unknown): void;
}

/** Turns errors into plain values, and back: their class is lost otherwise. */
export interface FaultCodec {
  /** Makes a plain value of what was thrown. */
  encode(error: unknown): unknown;
  /** Makes an error of that. */
  decode(fault: unknown): Error;
}

/** Options for {@linkcode ThreadLink}. */
export interface ThreadLinkOptions {
  /** Turns errors into plain values (default: their message alone). */
  faults?: FaultCodec;
  /** Questions that may wait for an answer (default 10,000). */
  mostWaiting?: number;
}

/** A question, or something that needs no answer. */
interface Call {
  /** Counts questions, from 1; none where no answer is wanted. */
  id?: number;
  name: string;
  values: readonly unknown[];
}

interface Reply {
  id: number;
  answer?: unknown;
  fault?: { of: unknown };
}

/** What an end does for the other. */
export type Act = (...values: never[]) => unknown;

/**
 * One end of the line between two threads.
 *
 * @typeParam Theirs What the other end does.
 */
export class ThreadLink<Theirs extends Record<keyof Theirs, Act>> {
  readonly #port: LinkPort;
  readonly #own: object;
  readonly #faults: FaultCodec;
  readonly #most: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #heard = performance.now();
  #ended: ThreadEnded | undefined;

  /**
   * Begins to answer.
   *
   * @param port The line; whoever made it closes it.
   * @param own What this end does: its methods are called by their names.
   * @param options How many questions, and what becomes of errors.
   */
  constructor(port: LinkPort, own: object, options: ThreadLinkOptions = {}) {
    this.#port = port;
    this.#own = own;
    this.#faults = options.faults ?? MESSAGES;
    this.#most = options.mostWaiting ?? MOST_WAITING;
    port.onmessage = ({ data }: MessageEvent<Call | Reply>) => {
      this.#heard = performance.now();
      if ("name" in data) void this.#act(data);
      else this.#settle(data);
    };
  }

  /** Milliseconds since the other end was heard of. */
  get silence(): number {
    return performance.now() - this.#heard;
  }

  /**
   * Asks the other end. How long the answer may take is the caller's business,
   * who may close the line.
   *
   * @typeParam Name What is asked.
   * @param name What is asked.
   * @param values What it is asked with.
   * @returns The answer.
   * @throws {ThreadEnded} If the line is closed before.
   * @throws {Error} What the other end has thrown, or that too many questions
   *   wait already.
   */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    ...values: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#waiting.size >= this.#most) {
      return Promise.reject(
        new Error(`Cannot ask thread: ${this.#most} questions wait`),
      );
    }
    const id = ++this.#last;
    const asked = Promise.withResolvers<unknown>();
    this.#waiting.set(id, asked);
    this.#port.postMessage({ id, name, values } satisfies Call);
    return asked.promise as Promise<Awaited<ReturnType<Theirs[Name]>>>;
  }

  /**
   * Tells the other end something, and waits for nothing.
   *
   * @typeParam Name What is told.
   * @param name What is told.
   * @param values More of it.
   */
  tell<Name extends keyof Theirs & string>(
    name: Name,
    ...values: Parameters<Theirs[Name]>
  ): void {
    if (this.#ended !== undefined) return;
    this.#port.postMessage({ name, values } satisfies Call);
  }

  /**
   * Ends it: nothing is sent any more. Whoever waits for an answer, or asks
   * later, gets a {@linkcode ThreadEnded}.
   *
   * @param why Why.
   */
  close(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new ThreadEnded(why);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  async #act({ id, name, values }: Call): Promise<void> {
    try {
      // Both ends are the same program: what is asked is what can be asked.
      const act = (this.#own as Record<string, Act>)[name]!;
      const answer = await act.apply(this.#own, values as never[]);
      if (id !== undefined) this.#reply({ id, answer });
    } catch (error) {
      if (id === undefined) throw error;
      this.#reply({ id, fault: { of: this.#faults.encode(error) } });
    }
  }

  #reply(reply: Reply): void {
    if (this.#ended === undefined) this.#port.postMessage(reply);
  }

  #settle({ answer, fault, id }: Reply): void {
    const asked = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (fault === undefined) asked?.resolve(answer);
    else asked?.reject(this.#faults.decode(fault.of));
  }
}

/** What is left of an error where nothing else is said: its message. */
const MESSAGES: FaultCodec = {
  encode: (error) => error instanceof Error ? error.message : String(error),
  decode: (fault) => new Error(String(fault)),
};
