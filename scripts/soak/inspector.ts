/**
 * Looks into another Deno program by the protocol of V8's inspector: what lives
 * in it once all garbage is gone.
 *
 * @module
 */

/** What is found in a program. */
export interface Contents {
  /** Bytes of the heap in use. */
  heap: number;
  /** Timers that are set. */
  timers: number;
  /** Promises that something still knows. */
  promises: number;
  /** Sockets, files and the like that the runtime holds. */
  resources: number;
}

/** Gives the prototype of timers: nobody exports it. */
const TIMER = `(() => {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  return Object.getPrototypeOf(timer);
})()`;

const RESOURCES = "Object.keys(Deno[Deno.internal].core.resources()).length";

/** A connection to the inspector of a program. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, ...answer } = JSON.parse(data);
      this.#waiting.get(id)?.resolve(answer);
      this.#waiting.delete(id);
    };
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error("The program has ended"));
      }
    };
  }

  /**
   * Connects to a program.
   *
   * @param url What the program says that its debugger listens on.
   * @returns The connection.
   */
  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
    });
    return new Inspector(socket);
  }

  /** Collects the garbage of the program, and tells what is left. */
  async look(): Promise<Contents> {
    // What the first round gives free may hold something that the next finds.
    for (let i = 0; i < 3; i++) await this.#call("HeapProfiler.collectGarbage");
    const { usedSize } = await this.#call("Runtime.getHeapUsage");
    const resources = await this.#evaluate(RESOURCES, true);
    return {
      heap: usedSize,
      timers: await this.#countObjects(TIMER),
      promises: await this.#countObjects("Promise.prototype"),
      resources: resources.value,
    };
  }

  async #countObjects(prototype: string): Promise<number> {
    const { objectId } = await this.#evaluate(prototype, false);
    const { objects } = await this.#call("Runtime.queryObjects", {
      prototypeObjectId: objectId,
      objectGroup: "count",
    });
    const { result } = await this.#call("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: "function () { return this.length; }",
      returnByValue: true,
    });
    // Or it would be kept, and all that it lists.
    await this.#call("Runtime.releaseObjectGroup", { objectGroup: "count" });
    await this.#call("Runtime.releaseObject", { objectId });
    return result.value;
  }

  async #evaluate(expression: string, returnByValue: boolean) {
    const answer = await this.#call("Runtime.evaluate", {
      expression,
      returnByValue,
    });
    return answer.result;
  }

  async #call(method: string, params = {}): Promise<Result> {
    const id = ++this.#count;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await waiting.promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** What a method gives is described by the protocol only. */
// deno-lint-ignore no-explicit-any
type Result = any;

interface Answer {
  result: Result;
  error?: { message: string };
}
