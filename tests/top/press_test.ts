import { assert, assertEquals, assertMatch } from "@std/assert";
import { draw } from "../../lib/top/draw/draw.ts";
import { KEYS } from "../../lib/top/draw/help.ts";
import type { Frame } from "../../lib/top/frame.ts";
import { press } from "../../lib/top/press.ts";
import { tick, topFrame, topState, topTunnel } from "../support/top.ts";

function frameOfTwo(): Frame {
  const state = topState([
    topTunnel(1, { user: "alice", client: "10.0.0.9:5" }),
    topTunnel(2, { user: "bob" }),
  ]);
  tick(state, { changed: [[1, 9, 9, "open"]] });
  const frame = topFrame(state);
  draw(frame);
  return frame;
}

/** Presses keys; returns the effect of the last one. */
function type(frame: Frame, ...keys: string[]) {
  let action;
  for (const key of keys) action = press(frame.view, key, frame.picture);
  return action;
}

Deno.test("press() steps through all orders, and reverses", () => {
  const frame = frameOfTwo();
  const { view } = frame;
  assertEquals(type(frame, "s"), { is: "look" });
  assertEquals([view.sort, view.isReversed], ["up", false]);
  type(frame, "r");
  assertEquals(view.isReversed, true);
  type(frame, "S", "S");
  assertEquals([view.sort, view.isReversed], ["state", false]);
});

Deno.test("press() asks once before it ends a tunnel, and names it", () => {
  const frame = frameOfTwo();
  const { view } = frame;
  assertEquals(type(frame, "k"), { is: "draw" });
  assert(view.question?.is === "change");
  assertEquals(
    view.question.text,
    "End tunnel 1 of alice to api.example.com:443?",
  );
  // Other keys neither confirm nor end the question.
  for (const key of ["enter", " ", "k", "q", "up"]) {
    assertEquals(type(frame, key), { is: "draw" });
    assertEquals(view.question?.is, "change");
  }
  assertEquals(type(frame, "y"), {
    is: "change",
    call: "DELETE /api/tunnels/1",
  });
  assertEquals(view.question, undefined);
});

Deno.test("press() ends nothing after n or Escape", () => {
  for (const key of ["n", "escape"]) {
    const frame = frameOfTwo();
    assertEquals(type(frame, "k", key), { is: "draw" });
    assertEquals(frame.view.question, undefined);
    assertEquals(frame.view.notice, "Nothing was changed");
  }
});

Deno.test("press() asks with their number before it ends matching tunnels", () => {
  const frame = frameOfTwo();
  const { view } = frame;
  assertEquals(type(frame, "K"), { is: "draw" });
  assertMatch(view.notice, /match a filter; press/);
  view.filter = "user=alice";
  type(frame, "K");
  assert(view.question?.is === "change");
  assertEquals(view.question.text, "End 2 tunnels with user=alice?");
  assertEquals(type(frame, "y"), {
    is: "change",
    call: "DELETE /api/tunnels?filter=user%3Dalice&expect=2",
  });
});

Deno.test("press() asks before it bans a client, without the port", () => {
  const frame = frameOfTwo();
  type(frame, "b");
  assertEquals(type(frame, "y"), {
    is: "change",
    call: "POST /api/bans?client=10.0.0.9&for=1h",
  });
});

Deno.test("press() says that a tunnel has ended instead of ending it", () => {
  const state = topState([topTunnel(1)]);
  const frame = topFrame(state);
  draw(frame);
  tick(state, { gone: [1] });
  assertEquals(type(frame, "k"), { is: "draw" });
  assertEquals(frame.view.notice, "Tunnel 1 has ended");
  assertEquals(frame.view.question, undefined);
});

Deno.test("press() applies a filter while it is typed, and Escape undoes it", () => {
  const frame = frameOfTwo();
  const { view } = frame;
  view.filter = "bob";
  type(frame, "/", "ctrl-u", ..."user:al");
  assertEquals(view.filter, "user:al");
  type(frame, "backspace", "backspace");
  assertEquals(view.filter, "user:");
  type(frame, "escape");
  assertEquals([view.filter, view.question], ["bob", undefined]);
  type(frame, "/", "ctrl-w", ..."q k", "enter"); // Letters are no commands.
  assertEquals([view.filter, view.question], ["q k", undefined]);
});

Deno.test("press() keeps the last filter while a field is misspelt, and reports it", () => {
  const frame = frameOfTwo();
  const { view } = frame;
  type(frame, "/", ..."bob", ..." uzer:alice", "enter");
  assertMatch(view.notice, /No field is named uzer: did you mean user\?/);
  assertEquals(view.question?.is, "filter");
  assertEquals(view.filter, "bob uzer");
  type(frame, "escape");
  assertEquals([view.filter, view.notice], ["", ""]);
});

Deno.test("press() limits the length of a filter", () => {
  const frame = frameOfTwo();
  type(frame, "/", ..."x".repeat(2_000), "enter");
  assertEquals(frame.view.filter.length, 500);
});

Deno.test("press() opens every panel, and Escape goes back", () => {
  for (
    const [key, panel] of [
      ["enter", "details"],
      ["t", "talkers"],
      ["e", "errors"],
      ["?", "help"],
      ["h", "help"],
    ] as const
  ) {
    const frame = frameOfTwo();
    frame.view.filter = "kept";
    type(frame, key);
    assertEquals(frame.view.panel, panel);
    type(frame, "escape");
    assertEquals([frame.view.panel, frame.view.filter], ["tunnels", "kept"]);
    type(frame, "escape");
    assertEquals(frame.view.filter, "");
  }
});

Deno.test("press() filters by the selected talker", () => {
  const talker = {
    key: "no mail",
    bytes: 1,
    bytesError: 0,
    connections: 1,
    connectionsError: 0,
  };
  const answer = {
    ...{ range: "1h", from: 0, to: 1, bytes: 1, connections: 1 } as const,
    talkers: [talker],
  };
  const frame = topFrame(topState([]), {
    inquiries: { talkers: { answer, fault: "" } },
  });
  const { view } = frame;
  assertEquals(type(frame, "t"), { is: "ask" });
  for (const dimension of ["client", "target", "rule"] as const) {
    type(frame, "tab");
    assertEquals(view.dimension, dimension);
  }
  assertEquals(type(frame, "s"), { is: "ask" });
  assertEquals(view.order, "connections");
  type(frame, "]", "]");
  assertEquals(view.range, "5m");
  draw(frame);
  assertEquals(type(frame, "enter"), { is: "look" });
  assertEquals([view.panel, view.filter], ["tunnels", 'rule="no mail"']);
});

Deno.test("press() pauses, stops and quits", () => {
  const frame = frameOfTwo();
  assertEquals(type(frame, "p"), { is: "draw" });
  assertEquals(frame.view.isPaused, true);
  assertEquals(type(frame, " "), { is: "look" });
  assertEquals(frame.view.isPaused, false);
  assertEquals(type(frame, "ctrl-z"), { is: "stop" });
  assertEquals(type(frame, "ctrl-l"), { is: "redraw" });
  assertEquals(type(frame, "q"), { is: "quit" });
  assertEquals(type(frame, "/", "ctrl-c"), { is: "quit" });
});

Deno.test("press() does something for every key of the help", () => {
  for (const [names] of KEYS) {
    for (const name of names.split(", ")) {
      const key = NAMED[name] ?? name;
      const panels = ["tunnels", "talkers"] as const;
      const isKnown = panels.some((panel) => {
        const frame = frameOfTwo();
        frame.view.panel = panel;
        frame.view.filter = "x";
        const before = JSON.stringify([frame.view, frame.view.tunnels.index]);
        const action = press(frame.view, key, frame.picture);
        const after = JSON.stringify([frame.view, frame.view.tunnels.index]);
        return action.is !== "draw" || before !== after;
      });
      // On the first line, some keys do not move the selection.
      assert(isKnown || /^(?:up|page|home)/.test(key), name);
    }
  }
});

/** Names of keys in the help. */
const NAMED: Readonly<Record<string, string>> = {
  "Up": "up",
  "Down": "down",
  "PgUp": "pageup",
  "PgDn": "pagedown",
  "Enter": "enter",
  "Space": " ",
  "Esc": "escape",
  "Ctrl-L": "ctrl-l",
  "Ctrl-Z": "ctrl-z",
  "Ctrl-C": "ctrl-c",
};
