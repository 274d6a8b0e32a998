import { assert, assertEquals } from "@std/assert";
import { widthOf } from "../../../lib/top/fill_cell.ts";
import { draw } from "../../../lib/top/draw/draw.ts";
import type { Frame } from "../../../lib/top/frame.ts";
import type { ServerState } from "../../../lib/top/server_state.ts";
import { KEYS } from "../../../lib/top/draw/help.ts";
import {
  tick,
  topFrame,
  type TopFrameOptions,
  topState,
  topTunnel,
} from "../../support/top.ts";

/**
 * Screens by name: a line `=== name`, then the lines between two bars. With
 * SLUICE_WRITE_SCREENS set, the test writes it for a person to read.
 */
const FILE = new URL("../../vectors/top_screens.txt", import.meta.url);

/** Names that could break columns or control the terminal. */
const HOSTILE = "\u001b[2J\u001b]0;title\u0007.example:443";

function server(): ServerState {
  const state = topState([
    topTunnel(1, { user: "alice", rule: "office", sent: 1e6, received: 3e7 }),
    topTunnel(2, { user: "bob", target: HOSTILE, client: "[fd00::7]:41234" }),
    topTunnel(3, { user: "田中さくら", target: "例え.テスト:443" }),
    topTunnel(4, {
      user: "a-user-with-a-very-long-name@department.example",
      target: "registry.subdomain.of-a-long-name.example.org:8443",
      rule: "no downloads on weekdays",
      state: "half-closed",
      ageMs: 3 * 86_400_000,
    }),
  ], { open: 4 });
  tick(state, {
    changed: [
      [1, 1_001_200, 31_250_000, "open"],
      [2, 999_400, 0, "open"],
      [3, 0, 999_999_999_999, "open"],
    ],
    status: {
      draining: false,
      open: 4,
      total: 112,
      sent: 1_200_000,
      received: 30_000_000,
      eventLoopDelayMs: 1,
    },
  });
  tick(state, {
    changed: [[1, 1_002_400, 32_500_000, "open"], [2, 999_450, 40, "open"]],
    status: {
      draining: false,
      open: 4,
      total: 124,
      sent: 2_400_000,
      received: 60_000_000,
      eventLoopDelayMs: 1,
    },
  });
  return state;
}

const SPAN = { range: "1h", from: 0, to: 3_600_000 } as const;

const ANSWERS: NonNullable<TopFrameOptions["inquiries"]> = {
  share: 0.106,
  talkers: {
    fault: "",
    answer: {
      ...SPAN,
      bytes: 123_456_789,
      connections: 4_711,
      talkers: [
        {
          key: "alice",
          bytes: 100_000_000,
          bytesError: 0,
          connections: 4_000,
          connectionsError: 0,
        },
        {
          key: "田中さくら",
          bytes: 1_200_000,
          bytesError: 30_000,
          connections: 17,
          connectionsError: 3,
        },
        {
          key: HOSTILE,
          bytes: 12,
          bytesError: 0,
          connections: 1,
          connectionsError: 0,
        },
      ],
    },
  },
  last: {
    fault: "",
    answer: {
      ...{ kept: 2, matching: 2, next: null, silentWorkers: 0 },
      closed: [
        {
          ...topTunnel(7, { user: "alice", target: "mail.example:25" }),
          ...{ result: "refused", code: "rule", reason: "Rule 'no mail'" },
          endedAt: topTunnel(7).startedAt,
        },
        {
          ...topTunnel(8, { target: HOSTILE }),
          ...{ result: "failed", code: "dial-timeout", reason: HOSTILE },
          endedAt: topTunnel(8).startedAt,
        },
      ],
    },
  },
  failures: {
    fault: "",
    answer: {
      ...SPAN,
      ended: 4_711,
      results: { ok: 4_000, cut: 200, refused: 300, failed: 200, dropped: 11 },
      share: 0.106,
      dial: { count: 4_200, p50: 3.1, p95: 21 },
      resolve: { count: 0, p50: null, p95: null },
      reasons: [
        {
          result: "refused",
          code: "rule",
          text: "A rule forbids the target",
          count: 290,
          error: 0,
        },
        {
          result: "failed",
          code: "dial-timeout",
          text: "The target has not answered in time",
          count: 120,
          error: 2,
        },
      ],
      rules: [{ rule: "no mail", count: 290, error: 0 }],
      targets: [{ target: HOSTILE, count: 120, error: 0 }],
    },
  },
};

/** The screens. */
function screens(): Map<string, Frame> {
  const screens = new Map<string, Frame>();
  const add = (name: string, options: TopFrameOptions, state = server()) =>
    screens.set(name, topFrame(state, { inquiries: ANSWERS, ...options }));
  for (const columns of [80, 120, 200]) {
    add(`tunnels, ${columns} columns`, { columns, rows: 14 });
    add(`talkers, ${columns} columns`, {
      columns,
      rows: 12,
      view: { panel: "talkers" },
    });
    add(`errors, ${columns} columns`, {
      columns,
      rows: 26,
      view: { panel: "errors" },
    });
  }
  const [, hostile] = topFrame(server(), { view: { sort: "user" } })
    .picture.tunnels;
  add("details", { rows: 24, view: { panel: "details", details: hostile! } });
  add("sorted by a column", {
    rows: 10,
    view: { sort: "down", isReversed: true },
  });
  add("help", { rows: 26, view: { panel: "help" } });
  add("typing a filter", {
    rows: 10,
    view: {
      filter: "bob",
      question: { is: "filter", text: "bob uzer:x", before: "" },
      notice: "No field is named uzer: did you mean user?",
    },
  });
  add("confirming", {
    rows: 10,
    view: {
      question: {
        is: "change",
        call: "DELETE /api/tunnels/2",
        text: `End tunnel 2 of bob to ${HOSTILE.repeat(5)}?`,
      },
    },
  });
  add("nothing matches", { rows: 10, view: { filter: "nobody" } });
  add("nothing yet", { rows: 10, inquiries: {} }, topState([], { open: 0 }));
  const draining = topState([topTunnel(1)], {
    draining: { open: 1, until: new Date(Date.now() + 22_500).toISOString() },
    open: 1,
  });
  add("draining", { rows: 10 }, draining);
  const lost = server();
  const retryAt = Date.now() + 3_500;
  lost.onState({
    is: "lost",
    why: "connection refused",
    retryAt,
    hasEnded: false,
  });
  add("lost", { rows: 10, view: { isPaused: true } }, lost);
  return screens;
}

async function readScreens(): Promise<Map<string, string>> {
  const text = await Deno.readTextFile(FILE);
  return new Map(
    text.split(/^=== /m).slice(1).map((part) => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}

/** Bars at both ends make spaces visible; the time zone is left out. */
function write(frame: Frame): string {
  return draw(frame).map((line) => `|${line}|\n`).join("")
    .replace(/ UTC[+−\d:]*/g, "");
}

Deno.test("draw() draws the screens of the file", async () => {
  const drawn = screens();
  if (Deno.env.has("SLUICE_WRITE_SCREENS")) {
    const text = [...drawn].map(([name, frame]) =>
      `=== ${name}\n${write(frame)}`
    ).join("");
    await Deno.writeTextFile(FILE, text);
  }
  const expected = await readScreens();
  for (const [name, frame] of drawn) {
    assertEquals(write(frame), expected.get(name), name);
  }
  assertEquals([...expected.keys()], [...drawn.keys()]);
});

Deno.test("draw() fills exactly the terminal, however small", () => {
  for (const [name, frame] of screens()) {
    for (const columns of [1, 2, 5, 20, 40, 60, 79, 81, 133, 300]) {
      for (const rows of [1, 2, 3, 4, 5, 6, 24, 70]) {
        const lines = draw({ ...frame, size: { columns, rows } });
        const where = `${name}, ${columns} x ${rows}`;
        assertEquals(lines.length, rows, where);
        for (const line of lines) {
          assert(!/\p{Cc}/u.test(line), where);
          assert(widthOf(line) <= columns, `${where}: ${line}`);
        }
      }
    }
  }
});

Deno.test("draw() lets no text from the network control the terminal", () => {
  for (const frame of screens().values()) {
    const lines = draw({ ...frame, isStyled: true });
    for (const line of lines) {
      // deno-lint-ignore no-control-regex
      const rest = line.replace(/\u001b\[\d+m/g, "");
      assert(!/\p{Cc}/u.test(rest), JSON.stringify(line));
    }
  }
});

Deno.test("draw() keeps the selected tunnel visible", () => {
  const state = topState(
    Array.from({ length: 100 }, (_, n) => topTunnel(n + 1)),
  );
  const frame = topFrame(state, { rows: 16, view: { sort: "age" } });
  draw(frame);
  frame.view.tunnels.press("end");
  const lines = draw(frame);
  assert(lines.at(-2)!.startsWith("> "), lines.join("\n"));
  const small = draw({ ...frame, size: { columns: 79, rows: 8 } });
  assert(small.at(-2)!.startsWith("> "), small.join("\n"));
});

Deno.test("draw() fits the help into 24 lines", () => {
  const frame = topFrame(server(), { view: { panel: "help" } });
  const text = draw(frame).join("\n");
  for (const [key] of KEYS) assert(text.includes(`  ${key}  `), key);
});
