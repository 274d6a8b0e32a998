/**
 * Headless Chromium, controlled over its DevTools protocol.
 *
 * @module
 */

import { assertLess } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { eventually } from "./dialogue.ts";
import { cleanEnvironment, makeFolder } from "./programs.ts";
import { within } from "./sockets.ts";

/** Milliseconds until the browser is running, and until it answers. */
const PATIENCE = 20_000;

/**
 * Features that take work, and that no test looks at. Those of the window that
 * a person would see load pages of their own for each tab.
 */
const UNUSED = [
  "Translate",
  "MediaRouter",
  "OptimizationHints",
  "PreloadTopChromeWebUI",
  "SpareRendererForSitePerProcess",
  "WebUIOmniboxAimPopup",
  "WebUIOmniboxPopup",
];

/** Options with which a browser does no more than a test asks for. */
export const BROWSER_OPTIONS: readonly string[] = [
  "--headless",
  // Root cannot use the sandbox.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-extensions",
  "--disable-default-apps",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--disable-features=${UNUSED.join()}`,
  // One process less.
  "--in-process-gpu",
  // It calls home at every start.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** A browser that opens only what its test opens. */
const WAITING = ["--no-startup-window", "--remote-debugging-port=0"];

/** What is traced: tasks, and the mark that shows whose they are. */
const TRACED = ["disabled-by-default-devtools.timeline", "blink.user_timing"];

/** A mark in the trace of the page. */
const MARK = "measured-page";

/** A browser. Disposing of it ends it. */
export interface TestBrowser extends AsyncDisposable {
  /** Opens a page that shares nothing with other pages. */
  open(url: string): Promise<TestPage>;
}

/** An open page. Disposing of it closes it. */
export interface TestPage extends AsyncDisposable {
  /** Evaluates an expression in the page; returns its value. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true in the page. */
  waitFor(expression: string): Promise<boolean>;
  /** Presses a key, or types text, optionally followed by Enter. */
  type(text: string, enter?: boolean): Promise<void>;
  /** Calls a method of the DevTools protocol. */
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  /**
   * Measures the tasks of the page. A browser calls a task long after 50 ms
   * on the clock; this is the time of the processor, on which other programs
   * of the machine have less influence.
   *
   * @returns Milliseconds of each task of the page's main thread.
   */
  measureTasks(during: () => Promise<void>): Promise<number[]>;
  /** The page's complaints, such as violations of its policy. */
  readonly complaints: string[];
}

/** Starts a browser. */
export async function openBrowser(path: string): Promise<TestBrowser> {
  const folder = await makeFolder();
  const child = new Deno.Command(path, {
    args: [...BROWSER_OPTIONS, ...WAITING, `--user-data-dir=${folder.path}`],
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
  return {
    open: (url) => openTab(tools, url),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => socket.onclose = done);
      await tools.call("Browser.close");
      await within(PATIENCE, child.status);
      socket.close();
      await closed;
      await rest;
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Opens a page in a new browser. Disposing of it ends both. */
export async function openPage(path: string, url: string): Promise<TestPage> {
  const browser = await openBrowser(path);
  const page = await browser.open(url);
  return {
    ...page,
    [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose](),
  };
}

async function openTab(tools: DevTools, url: string): Promise<TestPage> {
  const { browserContextId } = await tools.call("Target.createBrowserContext");
  // As a browser with windows: a script needs a person's act all the same.
  await tools.call("Browser.grantPermissions", {
    permissions: ["clipboardSanitizedWrite"],
    browserContextId,
  });
  const { targetId } = await tools.call("Target.createTarget", {
    url: "about:blank",
    browserContextId,
  });
  const { sessionId } = await tools.call("Target.attachToTarget", {
    targetId,
    flatten: true,
  });
  const session = sessionId as string;
  const call = (method: string, params: object = {}) =>
    tools.call(method, params, session);
  async function evaluate<T>(expression: string): Promise<T> {
    const { result } = await call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    return (result as { value: T }).value;
  }
  const complaints = tools.complaintsOf(session);
  await call("Runtime.enable");
  await call("Log.enable");
  await call("Page.navigate", { url });
  return {
    complaints,
    call,
    evaluate,
    measureTasks: (during) =>
      measureTasks(tools, async () => {
        await during();
        await evaluate(`performance.mark("${MARK}")`);
      }),
    waitFor: (expression) =>
      eventually(() => evaluate<boolean>(expression), PATIENCE),
    async type(text, enter = true) {
      await call("Input.insertText", { text });
      if (!enter) return;
      const key = { key: "Enter", code: "Enter", text: "\r" };
      for (const type of ["keyDown", "keyUp"]) {
        const code = { windowsVirtualKeyCode: 13 };
        await call("Input.dispatchKeyEvent", { type, ...key, ...code });
      }
    },
    async [Symbol.asyncDispose]() {
      await tools.call("Target.disposeBrowserContext", { browserContextId });
    },
  };
}

/** Milliseconds of a task that a browser calls long. */
const LONG = 50;

/**
 * Checks that a page takes no long task in at least one attempt: other programs
 * on the machine make a task longer, not shorter.
 *
 * @param tries Most attempts.
 * @param during What the page does.
 */
export async function assertNoLongTask(
  page: TestPage,
  tries: number,
  during: () => Promise<void>,
): Promise<void> {
  let best = Infinity;
  for (; tries > 0 && best >= LONG; tries--) {
    best = Math.min(best, Math.max(...await page.measureTasks(during)));
  }
  assertLess(best, LONG);
}

async function measureTasks(
  tools: DevTools,
  during: () => Promise<void>,
): Promise<number[]> {
  await tools.call("Tracing.start", {
    traceConfig: {
      includedCategories: [...TRACED],
    },
  });
  await during();
  const { promise: isComplete, resolve } = Promise.withResolvers<void>();
  const events: TraceEvent[] = [];
  tools.onTrace = (some) =>
    some === undefined ? resolve() : events.push(...some);
  await tools.call("Tracing.end");
  await within(PATIENCE, isComplete);
  // The browser traces its own pages too.
  const main = events.find(({ name }) => name === MARK)!;
  return events.filter(({ name, pid, tid }) =>
    name === "RunTask" && pid === main.pid && tid === main.tid
  ).map(({ tdur = 0 }) => tdur / 1_000);
}

/** Reads the DevTools address from the browser's output. */
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
  sessionId?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** An event of a trace; `tdur` is its time of the processor in µs. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
}

/** Calls of the protocol, and their results. */
class DevTools {
  /** Takes the events of a trace; `undefined` after the last. */
  onTrace: (events: TraceEvent[] | undefined) => void = () => {};
  readonly #complaints = new Map<string, string[]>();
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  /** The live list of complaints of a session's page. */
  complaintsOf(session: string): string[] {
    const complaints: string[] = [];
    this.#complaints.set(session, complaints);
    return complaints;
  }

  async call(
    method: string,
    params: object = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    const session = sessionId === undefined ? {} : { sessionId };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    const { result, error } = await within(PATIENCE, promise);
    this.#waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  #take({ id, method, sessionId = "", ...answer }: Answer): void {
    if (id !== undefined) this.#waiting.get(id)?.(answer);
    else if (
      method === "Runtime.exceptionThrown" || method === "Log.entryAdded"
    ) this.#complaints.get(sessionId)?.push(JSON.stringify(answer.params));
    else if (method === "Tracing.dataCollected") {
      this.onTrace(answer.params!["value"] as TraceEvent[]);
    } else if (method === "Tracing.tracingComplete") this.onTrace(undefined);
  }
}
