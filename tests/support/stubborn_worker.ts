/**
 * A thread that serves nobody, and answers every message but one: asked to
 * examine a file, it only reports the question.
 *
 * @module
 */

import { type LinkPort, ThreadLink } from "../../lib/sync/thread_link.ts";
import type {
  SupervisorActs,
  WorkerStarted,
} from "../../lib/workers/message.ts";

const STARTED: WorkerStarted = {
  banner: [],
  files: [undefined],
  writes: false,
  agreement: { places: new Map(), tables: new Map(), pipes: new Map() },
};

const link = new ThreadLink<SupervisorActs>(
  globalThis as unknown as LinkPort,
  {
    start: () => STARTED,
    count: () => 0,
    shutdown: () => 0,
    reload: () => undefined,
    poll() {
      link.tell("log", {
        event: "message",
        level: "info",
        code: "banner",
        message: "asked",
      });
      return Promise.withResolvers().promise;
    },
  },
);
link.tell("ready");
