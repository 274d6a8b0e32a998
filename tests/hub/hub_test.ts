import { assert, assertEquals, assertMatch } from "@std/assert";
import { SocketReadable } from "../../lib/net/socket_readable.ts";
import { HUB_FRAMINGS } from "../../lib/hub/wire/frame.ts";
import { eventually } from "../support/dialogue.ts";
import { type LineClient, startTestHub, type TestHub } from "../support/hub.ts";
import { connectResettable } from "../support/reset.ts";
import { writeAll } from "../support/sockets.ts";

/** Two named clients of a hub. */
async function aliceAndBob(
  hub: TestHub,
): Promise<[alice: LineClient, bob: LineClient]> {
  const alice = await hub.join();
  const bob = await hub.join();
  assertEquals(await alice.ask("/name alice"), "* You are alice");
  assertEquals(await bob.hear(), "* alice is here");
  assertEquals(await bob.ask("/name bob"), "* You are bob");
  assertEquals(await alice.hear(), "* bob is here");
  return [alice, bob];
}

Deno.test("startHub() reads its clients with a BYOB reader only", async () => {
  const modes = new Set<unknown>();
  const { getReader } = SocketReadable.prototype;
  Object.assign(SocketReadable.prototype, {
    getReader(this: SocketReadable, options?: ReadableStreamGetReaderOptions) {
      modes.add(options?.mode);
      return getReader.call(this, options as { mode: "byob" });
    },
  });
  try {
    for (const framing of HUB_FRAMINGS) {
      await using hub = await startTestHub({ framing });
      using a = await hub.join();
      await a.conn.closeWrite();
      const socket = new WebSocket(`ws://127.0.0.1:${hub.web.port}/socket`);
      await new Promise((resolve) => socket.onopen = resolve);
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
      await hub.whenEnded(2);
    }
    assertEquals([...modes], ["byob"]);
  } finally {
    Object.assign(SocketReadable.prototype, { getReader });
  }
});

Deno.test("startHub() sends a client's message to all others but not back", async () => {
  await using hub = await startTestHub();
  using a = await hub.join();
  using b = await hub.join();
  using c = await hub.join();
  await a.say("from a");
  assertEquals([await b.hear(), await c.hear()], ["from a", "from a"]);
  await b.say("from b");
  assertEquals([await a.hear(), await c.hear()], ["from b", "from b"]);
});

Deno.test("startHub() sends the messages of several clients to all in one order", async () => {
  await using hub = await startTestHub({ ratePerClient: 0 });
  using first = await hub.join();
  using second = await hub.join();
  const speakers = [await hub.join(), await hub.join(), await hub.join()];
  const count = 200;
  await Promise.all(speakers.map(async (speaker, who) => {
    for (let n = 0; n < count; n++) await speaker.say(`${who} ${n}`);
  }));
  const heard = await first.hearAll(3 * count);
  assertEquals(await second.hearAll(3 * count), heard);
  for (const who of [0, 1, 2]) {
    const own = heard.filter((line) => line!.startsWith(`${who} `));
    const expected = Array.from({ length: count }, (_, n) => `${who} ${n}`);
    assertEquals(own, expected);
  }
  for (const speaker of speakers) speaker[Symbol.dispose]();
});

Deno.test("startHub() announces no clients without a name", async () => {
  await using hub = await startTestHub();
  using a = await hub.join();
  {
    using b = await hub.join();
    await b.say("hi");
    assertEquals(await a.hear(), "hi");
  }
  await hub.whenEnded(1);
  using c = await hub.join();
  await c.say("again");
  assertEquals(await a.hear(), "again");
});

Deno.test("startHub() announces names that come, change and go", async () => {
  await using hub = await startTestHub();
  const [alice, bob] = await aliceAndBob(hub);
  using _alice = alice;
  assertEquals(await bob.ask("/name Robert"), "* You are Robert");
  assertEquals(await alice.hear(), "* bob is now Robert");
  bob.conn.close();
  assertEquals(await alice.hear(), "* Robert has left");
});

Deno.test("startHub() gives a name to one client only", async () => {
  await using hub = await startTestHub();
  const [alice, bob] = await aliceAndBob(hub);
  using _alice = alice;
  using _bob = bob;
  assertEquals(
    await bob.ask("/name ALICE"),
    "* Not done: somebody else has that name",
  );
  assertEquals(await alice.ask("/name Alice"), "* You are Alice");
  assertEquals(await bob.hear(), "* alice is now Alice");
  assertEquals(
    await bob.ask("/name guest-1"),
    "* Not done: such names are reserved for the hub",
  );
  assertMatch((await bob.ask("/name \x1b[31m"))!, /^\* Not done: a name is /);
  assertEquals(await alice.ask("/name carol"), "* You are carol");
  assertEquals(await bob.hear(), "* Alice is now carol");
  assertEquals(await bob.ask("/name alice"), "* You are alice");
});

Deno.test("startHub() separates rooms", async () => {
  await using hub = await startTestHub({ maxRooms: 2 });
  const [alice, bob] = await aliceAndBob(hub);
  using _alice = alice;
  using _bob = bob;
  using guest = await hub.join();
  assertEquals(await alice.ask("/join Tea-Room"), "* You are in Tea-Room");
  assertEquals(await bob.hear(), "* alice has gone to another room");
  assertEquals(await guest.hear(), "* alice has gone to another room");
  await bob.say("lobby only");
  assertEquals(await guest.hear(), "lobby only");
  assertEquals(await bob.ask("/join tea-room"), "* You are in Tea-Room");
  assertEquals(await alice.hear(), "* bob is here");
  assertEquals(await guest.hear(), "* bob has gone to another room");
  await bob.say("tea?");
  assertEquals(await alice.hear(), "tea?");
  assertEquals(
    await alice.ask("/who"),
    "* 2 in Tea-Room: alice, bob; you are alice",
  );
  assertEquals(
    await guest.ask("/who"),
    "* 1 in lobby: guest-3; you are guest-3",
  );
  assertEquals(
    await alice.ask("/join third"),
    "* Not done: all 2 rooms are taken; join one of them",
  );
  // The lobby disappears with its last client.
  assertEquals(await guest.ask("/join third"), "* You are in third");
  assertEquals(
    await bob.ask("/join lobby"),
    "* Not done: all 2 rooms are taken; join one of them",
  );
});

Deno.test("startHub() answers known and unknown commands", async () => {
  await using hub = await startTestHub();
  using client = await hub.join();
  assertMatch((await client.ask("/help"))!, /^\* \/name NAME: /);
  assertEquals(await client.ask("/ping"), "* pong");
  const unknown = "* Not done: no such command; see /help";
  assertEquals(await client.ask("/nosuch"), unknown);
  assertEquals(await client.ask("/constructor"), unknown);
  assertEquals(
    await client.ask(`/who${" ".repeat(60_000)}x`),
    await client.ask("/who"),
  );
  await client.say("/pong");
  assertEquals(await client.ask("/ping"), "* pong");
});

Deno.test("startHub() sends new clients the history", async () => {
  await using hub = await startTestHub({ history: 3 });
  using a = await hub.join();
  for (const n of [1, 2, 3, 4, 5]) await a.say(`line ${n}`);
  await a.ask("/ping");
  using b = await hub.join();
  assertEquals(await b.hearAll(3), ["line 3", "line 4", "line 5"]);
  await b.say("and now");
  assertEquals(await a.hear(), "and now");
});

Deno.test("startHub() keeps the history of an empty room for the next client", async () => {
  await using hub = await startTestHub({ history: 3 });
  {
    using a = await hub.join();
    await a.say("in the lobby");
    await a.ask("/join den");
    await a.say("in the den");
    await a.ask("/ping");
  }
  await hub.whenEnded(1);
  assertEquals(hub.hub.clients(), 0);
  using b = await hub.join();
  assertEquals(await b.hear(), "in the lobby");
  await b.say("/join den");
  assertEquals(await b.hearAll(2), ["in the den", "* You are in den"]);
});

Deno.test("startHub() discards the history with the last client when historyTime is 0", async () => {
  await using hub = await startTestHub({ history: 3, historyTime: 0 });
  {
    using a = await hub.join();
    await a.say("gone");
    await a.ask("/ping");
  }
  await hub.whenEnded(1);
  using b = await hub.join();
  assertEquals(await b.ask("/ping"), "* pong");
});

Deno.test("startHub() discards the oldest history when it has too many bytes", async () => {
  await using hub = await startTestHub({ history: 100 });
  using a = await hub.join();
  const line = "x".repeat(60_000);
  for (let n = 0; n < 30; n++) await a.say(line);
  await a.ask("/ping");
  using b = await hub.join();
  await a.say("end");
  let count = 0;
  while (await b.hear() === line) count++;
  assertEquals(count, Math.floor(1024 * 1024 / 60_000));
});

Deno.test("startHub() sends names when names is set, and nobody can forge one", async () => {
  await using hub = await startTestHub({ names: true });
  const [alice, bob] = await aliceAndBob(hub);
  using _alice = alice;
  using _bob = bob;
  await alice.say("* bob has left");
  assertEquals(await bob.hear(), "alice: * bob has left");
});

Deno.test("startHub() refuses messages that look like notices of the hub", async () => {
  await using hub = await startTestHub();
  using a = await hub.join();
  using b = await hub.join();
  assertMatch((await a.ask("* b has left"))!, /^\* Not sent: /);
  await a.say("//help");
  assertEquals(await b.hear(), "/help");
});

Deno.test("startHub() reports a message that is too long, and loses nothing else", async () => {
  await using hub = await startTestHub({ maxMessage: 100 });
  using a = await hub.join();
  using b = await hub.join();
  const fits = "y".repeat(100);
  await a.say(`before\n${"x".repeat(100_000)}\n${fits}`);
  assertEquals(await a.hear(), "* Not sent: a message has 100 bytes at most");
  assertEquals(await b.hearAll(2), ["before", fits]);
});

Deno.test("startHub() reports invalid JSON, and loses nothing else", async () => {
  await using hub = await startTestHub({ framing: "json" });
  using a = await hub.join();
  using b = await hub.join();
  await a.say('{"n":1.0}\n{"n":\n[2]');
  assertMatch((await a.hear())!, /^\{"hub":"Not sent: not JSON: /);
  assertEquals(await b.hearAll(2), ['{"n":1.0}', "[2]"]);
  assertEquals(
    await a.ask('{"hub":"/name alice"}'),
    '{"hub":"You are alice"}',
  );
  for (const command of ["/name \\ud800", "/join x\\udc00", "/\\ud800"]) {
    const answer = await a.ask(`{"hub":"${command}"}`);
    assertMatch(answer!, /^\{"hub":"Not done: /);
  }
  assertEquals(await b.hear(), '{"hub":"alice is here"}');
});

Deno.test("startHub() reports a truncated message, and sends it to nobody", async () => {
  await using hub = await startTestHub();
  using a = await hub.join();
  using b = await hub.join();
  await writeAll(a.conn, "whole\ncut");
  await a.conn.closeWrite();
  assertEquals(await a.hearRest(), ["* Not sent: the last line has no end"]);
  using c = await hub.join();
  await c.say("next");
  assertEquals(await b.hearAll(2), ["whole", "next"]);
});

Deno.test("startHub() carries any bytes in length-prefixed frames", async () => {
  await using hub = await startTestHub({ framing: "length32" });
  using a = await hub.join();
  using b = await hub.join();
  const frame = Uint8Array.from([0, 0, 1, 0, ...Array(256).keys()]);
  await writeAll(a.conn, frame);
  const heard = new Uint8Array(300);
  assertEquals(await b.conn.read(heard), frame.length);
  assertEquals(heard.subarray(0, frame.length), frame);
});

Deno.test("startHub() survives a client's reset inside a message", async () => {
  await using hub = await startTestHub();
  using a = await hub.join();
  const socket = await connectResettable(hub.addr);
  socket.write("said\nhalf a li");
  assertEquals(await a.hear(), "said");
  socket.resetAndDestroy();
  const [record] = await hub.whenEnded(1);
  assertEquals(record!.result, "cut");
  assertEquals(record!.reason, "client: connection reset");
  using b = await hub.join();
  await b.say("next");
  assertEquals(await a.hear(), "next");
});

Deno.test("startHub() logs counts but no contents of messages", async () => {
  const lines: string[] = [];
  await using hub = await startTestHub({
    log: (event) => lines.push(JSON.stringify(event)),
  });
  const [alice, bob] = await aliceAndBob(hub);
  using _bob = bob;
  await alice.say("secret-1");
  await alice.say("secret-2");
  assertEquals(await bob.hearAll(2), ["secret-1", "secret-2"]);
  await bob.say("secret-3");
  assertEquals(await alice.hear(), "secret-3");
  alice.conn.close();
  const [record] = await hub.whenEnded(1);
  assertEquals(record!.messages, { sent: 2, received: 1, dropped: 0 });
  assertEquals(
    [record!.protocol, record!.user, record!.result, record!.reason],
    ["hub", "alice", "ok", "client closed first"],
  );
  assertEquals(record!.sent, "/name alice\nsecret-1\nsecret-2\n".length);
  assertEquals(lines.join().includes("secret"), false);
});

Deno.test("startHub() sends a leaving client its queued messages", async () => {
  await using hub = await startTestHub();
  using a = await hub.join();
  using b = await hub.join();
  for (let n = 0; n < 100; n++) await a.say(`line ${n}`);
  await a.ask("/ping");
  await b.conn.closeWrite();
  assertEquals((await b.hearRest()).length, 100);
});

Deno.test("startHub() forgets clients and rooms that have gone", async () => {
  await using hub = await startTestHub();
  for (let n = 0; n < 20; n++) {
    using client = await hub.join();
    await client.ask(`/join room-${n}`);
    await client.ask(`/name name-${n}`);
  }
  assert(await eventually(() => hub.hub.clients() === 0));
  using client = await hub.join();
  assertEquals(await client.ask("/name name-3"), "* You are name-3");
  assertEquals(
    await client.ask("/who"),
    "* 1 in lobby: name-3; you are name-3",
  );
});
