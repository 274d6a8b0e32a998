/**
 * The connection between two threads of the program. Each end asks the other
 * and answers it, or tells it something that needs no answer. All messages are
 * plain values.
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

/** Most questions without an answer. */
const MOST_WAITING = 10_000;

/** The link was closed, so the other end answers nothing any more. */
export class ThreadEnded extends Error {
  /**
   * Constructs an error.
   *
   * @param why Reason for the close.
   */
  constructor(why: string) {
    super(why);
    this.name = "ThreadEnded";
  }
}

/** One end of a link: a `Worker`, the scope of one, or a `MessagePort`. */
export interface LinkPort {
  /** Receives messages of the other end. */
  onmessage: ((event: MessageEvent) => void) | null;
  /** Sends a message to the other end. */
  postMessage(message: unknown): void;
}

/**
 * Converts errors to plain values and back, because messages lose their class.
 */
export interface FaultCodec {
  /** Converts a thrown value to a plain value. */
  encode(error: unknown): unknown;
  /** Converts the plain value to an error. */
  decode(fault: unknown): Error;
}

/** Options for {@linkcode ThreadLink}. */
export interface ThreadLinkOptions {
  /** Converts errors (default: only their message). */
  faults?: FaultCodec;
  /** Most questions without an answer (default 10,000). */
  mostWaiting?: number;
}

/** A question, or a message without an answer. */
interface Call {
  /** Number of the question, from 1; absent if no answer is wanted. */
  id?: number;
  name: string;
  values: readonly unknown[];
}

interface Reply {
  id: number;
  answer?: unknown;
  fault?: { of: unknown };
}

/** A function that one end runs for the other. */
export type Act = (...values: never[]) => unknown;

/**
 * One end of the link between two threads.
 *
 * @typeParam Theirs Functions of the other end.
 */
export class ThreadLink<Theirs extends Record<keyof Theirs, Act>> {
  readonly #port: LinkPort;
  readonly #own: object;
  readonly #faults: FaultCodec;
  readonly #most: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #lastMessageAt = performance.now();
  #ended: ThreadEnded | undefined;

  /**
   * Starts to answer.
   *
   * @param port The link. Its creator closes it.
   * @param own Functions of this end, called by name.
   * @param options Limit of questions, and conversion of errors.
   */
  constructor(port: LinkPort, own: object, options: ThreadLinkOptions = {}) {
    this.#port = port;
    this.#own = own;
    this.#faults = options.faults ?? MESSAGES;
    this.#most = options.mostWaiting ?? MOST_WAITING;
    port.onmessage = ({ data }: MessageEvent<Call | Reply>) => {
      this.#lastMessageAt = performance.now();
      if ("name" in data) void this.#act(data);
      else this.#settle(data);
    };
  }

  /** Milliseconds since the last message of the other end. */
  get silence(): number {
    return performance.now() - this.#lastMessageAt;
  }

  /**
   * Asks the other end. The caller limits the time by closing the link.
   *
   * @typeParam Name Name of the function.
   * @param name Name of the function.
   * @param values Its arguments.
   * @throws {ThreadEnded} If the link closes before the answer.
   * @throws {Error} The other end's error, or that too many questions wait.
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
   * Tells the other end something, without waiting.
   *
   * @typeParam Name Name of the function.
   * @param name Name of the function.
   * @param values Its arguments.
   */
  tell<Name extends keyof Theirs & string>(
    name: Name,
    ...values: Parameters<Theirs[Name]>
  ): void {
    if (this.#ended !== undefined) return;
    this.#port.postMessage({ name, values } satisfies Call);
  }

  /**
   * Closes the link: nothing is sent any more. All waiting and later questions
   * get a {@linkcode ThreadEnded}.
   *
   * @param why Reason for the close.
   */
  close(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new ThreadEnded(why);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  async #act({ id, name, values }: Call): Promise<void> {
    try {
      // Both ends are the same program, so every name exists.
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

/** Keeps only the message of an error. */
const MESSAGES: FaultCodec = {
  encode: (error) => error instanceof Error ? error.message : String(error),
  decode: (fault) => new Error(String(fault)),
};
