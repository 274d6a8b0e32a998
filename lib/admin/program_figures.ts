/**
 * Figures of the program itself, and of bans.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { AdminSubject } from "./view.ts";
import type { Figure } from "./figure.ts";
import type { ThreadFigures } from "./threads/figures.ts";

/**
 * Lists the figures of the program itself, and of bans.
 *
 * @param subject The program that they describe.
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
      help: "Always 1; the labels give the versions",
      labels: ["version", "deno"],
      read: (set) => set({ version, deno: Deno.version.deno }, 1),
    },
    single(
      "sluice_draining",
      "1 if the server drains",
      () => subject.state.isDraining ? 1 : 0,
    ),
    {
      kind: "gauge",
      name: "sluice_workers",
      help: "Worker threads, by state",
      labels: ["state"],
      read: (set) => {
        for (const { isSilent, worker } of subject.threads.all) {
          if (worker === undefined) continue;
          set({ state: "answering" }, isSilent ? 0 : 1);
          set({ state: "silent" }, isSilent ? 1 : 0);
        }
      },
    },
    single("sluice_bans", "Banned clients", ({ bans }) => bans),
    single(
      "sluice_attacked_users",
      "User names under attack",
      ({ attacked }) => attacked,
    ),
    single(
      "sluice_event_loop_delay_seconds",
      "Longest recent delay of the event loop, in the slowest thread",
      ({ load }) => Math.max(subject.delay.worst, load?.loopDelay ?? 0) / 1000,
    ),
    single(
      "sluice_heap_used_bytes",
      "Heap in use, in all threads",
      ({ load }) => Deno.memoryUsage().heapUsed + (load?.heap ?? 0),
    ),
    single(
      "process_resident_memory_bytes",
      "Resident memory of the process",
      () => Deno.memoryUsage().rss,
    ),
    single(
      "process_open_fds",
      "Open file descriptors that Sluice counts",
      ({ descriptors }) => subject.descriptors.open(descriptors),
    ),
    single(
      "process_max_fds",
      "Limit of open file descriptors",
      () => subject.descriptors.limit,
    ),
    single(
      "process_start_time_seconds",
      "Start of the program, in seconds since 1970",
      () => performance.timeOrigin / 1000,
    ),
  ];
}
