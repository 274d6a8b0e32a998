/**
 * Examines another Deno program through V8's inspector protocol: the objects
 * that remain after garbage collection.
 *
 * @module
 */

/** The contents of a program's memory. */
export interface Contents {
  /** Used bytes of the heap. */
  heap: number;
  /** Pending timers. */
  timers: number;
  /** Live promises. */
  promises: number;
  /** Sockets, files and other resources of the runtime. */
  resources: number;
}

/** Returns the prototype of timers, which is not exported. */
const TIMER = `(() => {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  return Object.getPrototypeOf(timer);
})()`;

/** Counts those of two kinds in an array of objects. */
const COUNT = `function (timer) {
  const count = (prototype) =>
    this.filter((one) => Object.prototype.isPrototypeOf.call(prototype, one))
      .length;
  return { timers: count(timer), promises: count(Promise.prototype) };
}`;

const RESOURCES = "Object.keys(Deno[Deno.internal].core.resources()).length";

const ENDED = "The inspected program ended";

/** A connection to a program's inspector. */
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
      for (const { reject } of this.#waiting.values()) reject(new Error(ENDED));
    };
  }

  /**
   * Connects to a program.
   *
   * @param url Address of the debugger, as the program prints it.
   */
  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
    });
    return new Inspector(socket);
  }

  /** Collects the garbage of the program, and counts what remains. */
  async look(): Promise<Contents> {
    const { timers, promises } = await this.#countObjects();
    // The count collects the garbage first, and objects freed by one
    // collection may release others for the next.
    await this.#call("HeapProfiler.collectGarbage");
    const { usedSize } = await this.#call("Runtime.getHeapUsage");
    const resources = await this.#evaluate(RESOURCES, true);
    return { heap: usedSize, timers, promises, resources: resources.value };
  }

  /** Counts in one walk through the heap, which takes longest. */
  async #countObjects(): Promise<Pick<Contents, "timers" | "promises">> {
    const { objectId } = await this.#evaluate("Object.prototype", false);
    const timer = await this.#evaluate(TIMER, false);
    const { objects } = await this.#call("Runtime.queryObjects", {
      prototypeObjectId: objectId,
      objectGroup: "count",
    });
    const { result } = await this.#call("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: COUNT,
      arguments: [{ objectId: timer.objectId }],
      returnByValue: true,
    });
    // Otherwise the array would stay alive, with all objects in it.
    await this.#call("Runtime.releaseObjectGroup", { objectGroup: "count" });
    for (const id of [objectId, timer.objectId]) {
      await this.#call("Runtime.releaseObject", { objectId: id });
    }
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
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error(ENDED);
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

/** Only the protocol describes a method's result. */
// deno-lint-ignore no-explicit-any
type Result = any;

interface Answer {
  result: Result;
  error?: { message: string };
}
