/**
 * Chromium without a screen, driven over its DevTools protocol.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { eventually } from "./dialogue.ts";
import { cleanEnvironment, makeFolder } from "./programs.ts";
import { within } from "./sockets.ts";

/** Milliseconds until the browser is there, and until it answers. */
const PATIENCE = 20_000;

const FLAGS = [
  "--headless",
  // Which root can't have.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** A page that is open in a browser of its own; both end when disposed of. */
export interface TestPage extends AsyncDisposable {
  /** Evaluates an expression in the page; gives its value. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true in the page. */
  waitFor(expression: string): Promise<boolean>;
  /** Presses a key, or types text with Enter at its end where that is said. */
  type(text: string, enter?: boolean): Promise<void>;
  /** Calls a method of the DevTools protocol. */
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  /** What the page has complained of, such as breaches of its policy. */
  readonly complaints: string[];
}

/** Opens a page in a new browser. */
export async function openPage(
  path: string,
  url: string,
): Promise<TestPage> {
  const folder = await makeFolder();
  const child = new Deno.Command(path, {
    args: [...FLAGS, `--user-data-dir=${folder.path}`, "about:blank"],
    clearEnv: true,
    env: { ...cleanEnvironment(), HOME: folder.path },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const { at, rest } = await devToolsOf(child);
  const socket = new WebSocket(at);
  await within(PATIENCE, new Promise((opened) => socket.onopen = opened));
  const tools = new DevTools(socket);
  await tools.attach(url);
  return {
    complaints: tools.complaints,
    call: (method, params) => tools.call(method, params),
    evaluate: (expression) => tools.evaluate(expression),
    waitFor: (expression) =>
      eventually(() => tools.evaluate<boolean>(expression), PATIENCE),
    async type(text, enter = true) {
      await tools.call("Input.insertText", { text });
      if (!enter) return;
      const key = { key: "Enter", code: "Enter", text: "\r" };
      for (const type of ["keyDown", "keyUp"]) {
        const code = { windowsVirtualKeyCode: 13 };
        await tools.call("Input.dispatchKeyEvent", { type, ...key, ...code });
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => socket.onclose = done);
      await tools.call("Browser.close", {}, false);
      await within(PATIENCE, child.status);
      socket.close();
      await closed;
      await rest;
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Reads where the browser is to be driven from what it says at its start. */
async function devToolsOf(
  child: Deno.ChildProcess,
): Promise<{ at: string; rest: Promise<void> }> {
  const lines = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const found = Promise.withResolvers<string>();
  const rest = (async () => {
    for await (const line of lines) {
      const at = /^DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (at !== undefined) found.resolve(at);
    }
  })();
  return { at: await within(PATIENCE, found.promise), rest };
}

interface Answer {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** Calls of the protocol, and what comes back. */
class DevTools {
  readonly complaints: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session: string | undefined;
  #calls = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(data) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
      else if (
        answer.method === "Runtime.exceptionThrown" ||
        answer.method === "Log.entryAdded"
      ) this.complaints.push(JSON.stringify(answer.params));
    };
  }

  async attach(url: string): Promise<void> {
    const { targetId } = await this.call("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await this.call("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    this.#session = sessionId as string;
    await this.call("Runtime.enable");
    await this.call("Log.enable");
    await this.call("Page.navigate", { url });
  }

  async call(
    method: string,
    params: object = {},
    inPage = true,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    const session = inPage && this.#session !== undefined
      ? { sessionId: this.#session }
      : {};
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    const { result, error } = await within(PATIENCE, promise);
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    return (result as { value: T }).value;
  }
}
