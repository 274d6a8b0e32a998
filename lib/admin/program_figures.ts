/**
 * Figures of the program itself, and of bans.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { AdminSubject } from "./view.ts";
import type { Figure } from "./figure.ts";
import type { ThreadFigures } from "./thread_figures.ts";

/**
 * Lists the figures of the program itself, and of bans.
 *
 * @param subject What it does.
 * @returns The figures.
 */
export function programFigures(subject: AdminSubject): Figure[] {
  const single = (
    name: string,
    help: string,
    tell: (figures: ThreadFigures) => number | null,
  ): Figure => ({
    kind: "gauge",
    name,
    help,
    read: (set, figures) => {
      const value = tell(figures);
      if (value !== null) set({}, value);
    },
  });
  const version = PROGRAM_VERSION;
  return [
    {
      kind: "gauge",
      name: "sluice_build_info",
      help: "Always 1; tells what runs",
      labels: ["version", "deno"],
      read: (set) => set({ version, deno: Deno.version.deno }, 1),
    },
    single(
      "sluice_draining",
      "Whether the server accepts no more",
      () => subject.state.isDraining ? 1 : 0,
    ),
    {
      kind: "gauge",
      name: "sluice_workers",
      help: "Threads that take connections, where there are several",
      labels: ["state"],
      read: (set) => {
        for (const { isSilent, worker } of subject.threads.all) {
          if (worker === undefined) continue;
          set({ state: "answering" }, isSilent ? 0 : 1);
          set({ state: "silent" }, isSilent ? 1 : 0);
        }
      },
    },
    single("sluice_bans", "Clients that are banned", ({ bans }) => bans),
    single(
      "sluice_attacked_users",
      "User names that are under attack",
      ({ attacked }) => attacked,
    ),
    single(
      "sluice_event_loop_delay_seconds",
      "How late the event loop was at most, lately, in the latest thread",
      ({ load }) => Math.max(subject.delay.worst, load?.loopDelay ?? 0) / 1000,
    ),
    single(
      "sluice_heap_used_bytes",
      "Memory of the heap in use, of all threads",
      ({ load }) => Deno.memoryUsage().heapUsed + (load?.heap ?? 0),
    ),
    single(
      "process_resident_memory_bytes",
      "Memory of the process",
      () => Deno.memoryUsage().rss,
    ),
    single(
      "process_open_fds",
      "File descriptors that are open, as far as Sluice knows of them",
      ({ descriptors }) => subject.descriptors.open(descriptors),
    ),
    single(
      "process_max_fds",
      "File descriptors that may be open",
      () => subject.descriptors.limit,
    ),
    single(
      "process_start_time_seconds",
      "When the program was started, in seconds since 1970",
      () => performance.timeOrigin / 1000,
    ),
  ];
}
