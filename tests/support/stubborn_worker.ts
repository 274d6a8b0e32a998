/**
 * A thread that serves nobody, and answers every message but one: asked to
 * examine a file, it only reports the question.
 *
 * @module
 */

import type { WorkerScope } from "../../lib/workers/worker.ts";
import type { ToWorker, WorkerStarted } from "../../lib/workers/message.ts";

const scope = globalThis as unknown as WorkerScope;

const STARTED: WorkerStarted = {
  banner: [],
  files: [undefined],
  writes: false,
  agreement: { places: new Map(), tables: new Map(), pipes: new Map() },
};

addEventListener("message", (event) => {
  const message = (event as MessageEvent<ToWorker>).data;
  if (message.type !== "ask") return;
  const { id, question } = message;
  if (question !== "poll") {
    const answer =
      { start: STARTED, count: 0, shutdown: 0 }[question as string];
    scope.postMessage({ type: "answer", id, answer });
    return;
  }
  const said = { event: "message", level: "info", message: "asked" };
  scope.postMessage({ type: "log", event: said });
});
scope.postMessage({ type: "ready" });
