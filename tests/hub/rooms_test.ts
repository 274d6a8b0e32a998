import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { HubItem } from "../../lib/hub/item.ts";
import type { HubRoom } from "../../lib/hub/room.ts";
import { type HubRoomBounds, HubRooms } from "../../lib/hub/rooms.ts";
import { setDeadline } from "../../lib/sync/deadline.ts";

function makeRooms(bounds: Partial<HubRoomBounds> = {}): HubRooms {
  const defaults = { mostRooms: 3, history: 2, historyTime: 3_600_000 };
  return new HubRooms({ ...defaults, ...bounds });
}

function open(rooms: HubRooms, name: string): HubRoom {
  return rooms.open({ text: name, key: name });
}

/** Opens a room in which a client sends a message and leaves. */
function visit(rooms: HubRooms, name: string): HubRoom {
  const room = open(rooms, name);
  room.remember(new HubItem(true, () => new Uint8Array()), 1);
  rooms.leave(room);
  return room;
}

Deno.test("HubRooms keeps an empty room only when it has a history", () => {
  using rooms = makeRooms();
  const room = visit(rooms, "said");
  const silent = open(rooms, "silent");
  rooms.leave(silent);
  assertEquals([rooms.size, rooms.isOccupied("said")], [0, false]);
  assert(open(rooms, "said") === room);
  assert(open(rooms, "silent") !== silent);
});

Deno.test("HubRooms discards the room that has been empty longest when a new one needs its place", () => {
  using rooms = makeRooms();
  const [a, b, c] = ["a", "b", "c"].map((name) => visit(rooms, name));
  assert(open(rooms, "a") === a); // Now b has been empty longest.
  rooms.leave(a!);
  open(rooms, "d");
  assertEquals([rooms.size, rooms.isFull], [1, false]);
  assert(open(rooms, "c") === c);
  assert(open(rooms, "a") === a);
  assertEquals([rooms.size, rooms.isFull], [3, true]);
  assertNotEquals(open(rooms, "b"), b);
});

Deno.test("HubRooms discards an empty room after its time, unless it is used again", async () => {
  using rooms = makeRooms({ historyTime: 20 });
  const used = visit(rooms, "used");
  assert(open(rooms, "used") === used);
  visit(rooms, "empty");
  // Deadlines of one length expire in the order they were set.
  await new Promise<void>((resolve) => setDeadline(20, resolve));
  assert(!open(rooms, "empty").remembers);
  assert(open(rooms, "used").remembers);
});

Deno.test("HubRooms keeps no history after it is disposed of", () => {
  const rooms = makeRooms();
  visit(rooms, "before");
  rooms[Symbol.dispose]();
  visit(rooms, "after");
  assert(!open(rooms, "before").remembers);
  assert(!open(rooms, "after").remembers);
});
