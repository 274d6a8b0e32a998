import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Found, OwnDials, placeOf } from "../../lib/net/own_dials.ts";
import type { ConnectionEnds } from "../../lib/net/connection.ts";
import { OwnListeners } from "../../lib/net/own_listeners.ts";
import { Context } from "../../lib/sync/context.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { within } from "../support/sockets.ts";

const PLACE = placeOf("127.0.0.1", 1080);

const at = (hostname: string, port: number): Deno.NetAddr => ({
  ...{ transport: "tcp", hostname, port },
});

/** A connection as whoever dials it has it. */
function dialled(port: number): ConnectionEnds {
  return {
    localAddr: at("127.0.0.1", port),
    remoteAddr: at("127.0.0.1", 1080),
  };
}

/** The same connection, as whoever accepts it has it. */
function accepted(port: number): ConnectionEnds {
  const { localAddr, remoteAddr } = dialled(port);
  return { localAddr: remoteAddr, remoteAddr: localAddr };
}

function find(dials: OwnDials, port: number): Found {
  using context = new Context();
  return dials.find(accepted(port), context);
}

/** Whether a wait is over. */
async function isOver(waiting: Found): Promise<boolean> {
  const notYet = Symbol();
  return await Promise.race([waiting, Promise.resolve(notYet)]) !== notYet;
}

Deno.test("OwnDials.find() finds an open dial once, and no other connection", () => {
  const dials = new OwnDials();
  assertEquals(find(dials, 1), undefined);
  dials.begin(PLACE, ["a"]).open(dialled(1));
  assertEquals(dials.size, 1);
  assertEquals(find(dials, 2), undefined);
  assertEquals(find(dials, 1), ["a"]);
  assertEquals(find(dials, 1), undefined);
  assertEquals(dials.size, 0);
});

Deno.test("OwnDials.find() waits for pending dials to the same place only", async () => {
  const dials = new OwnDials();
  const [first, second] = [1, 2].map((n) => dials.begin(PLACE, [`${n}`]));
  const elsewhere = dials.begin(placeOf("127.0.0.1", 1081), ["x"]);
  const own = find(dials, 12);
  const stranger = find(dials, 99);
  const later = dials.begin(PLACE, ["3"]);
  assert(own instanceof Promise);
  first!.open(dialled(11));
  assertEquals(await isOver(own), false);
  second!.open(dialled(12));
  assertEquals(await own, ["2"]);
  // What began later can't be the stranger, and is not waited for.
  assertEquals(await within(1_000, stranger as Promise<unknown>), undefined);
  assertEquals(find(dials, 11), ["1"]);
  later.end();
  elsewhere.end();
  assertEquals(dials.size, 0);
});

Deno.test("OwnDials.find() does not wait for a client on another machine", () => {
  const dials = new OwnDials();
  const dial = dials.begin(PLACE, ["a"]);
  using context = new Context();
  const ends = {
    localAddr: at("127.0.0.1", 1080),
    remoteAddr: at("8.8.8.8", 1),
  };
  assertEquals(dials.find(ends, context), undefined);
  dial.end();
});

Deno.test("OwnDials.find() ends its wait with the context", async () => {
  const dials = new OwnDials();
  const dial = dials.begin(PLACE, ["a"]);
  using context = new Context();
  const waiting = dials.find(accepted(1), context) as Promise<unknown>;
  context.cancel(new Error("over"));
  await assertRejects(() => waiting, Error, "over");
  dial.open(dialled(1));
});

Deno.test("OwnDials.find() takes the clients of a Unix socket in their order", () => {
  const dials = new OwnDials();
  const undo = dials.beginAt("unix:/a", ["lost"]);
  dials.beginAt("unix:/a", ["one"]);
  dials.beginAt("unix:/a", ["two"]);
  undo();
  using context = new Context();
  const ends = { localAddr: at("unix:/a", 0), remoteAddr: at("unix:", 0) };
  const found = [1, 2, 3].map(() => dials.find(ends, context));
  assertEquals(found, [["one"], ["two"], undefined]);
});

Deno.test("OwnDials.find() asks threads with dials, and takes the first trail", async () => {
  const dials = new OwnDials();
  const told: number[] = [];
  let areAny = false;
  const asked = Promise.withResolvers<readonly string[] | undefined>();
  dials.join({
    get areAny() {
      return areAny;
    },
    ask: () => asked.promise,
    tell: (count) => told.push(count),
  });
  assertEquals(find(dials, 1), undefined);
  areAny = true;
  const pending = dials.begin(PLACE, ["mine"]);
  const waiting = find(dials, 1);
  asked.resolve(["theirs"]);
  assertEquals(await waiting, ["theirs"]);
  pending.end();
  assertEquals(await find(dials, 2), ["theirs"]);
  assertEquals(told, [1, 0]);
});

Deno.test("OwnListeners.at() finds the listener that a connection would reach", () => {
  const ip = (text: string) => parseIpAddress(text)!;
  const listeners = new OwnListeners();
  const leave = listeners.enter(at("127.0.0.1", 1));
  const again = listeners.enter(at("127.0.0.1", 1));
  listeners.enter(at("0.0.0.0", 2));
  listeners.enter(at("::", 3));
  for (
    const [address, port, name] of [
      ["127.0.0.1", 1, "127.0.0.1:1"],
      ["::ffff:127.0.0.1", 1, "127.0.0.1:1"],
      ["0.0.0.0", 1, "127.0.0.1:1"],
      ["127.0.0.2", 1, undefined],
      ["::1", 1, undefined],
      ["127.0.0.2", 2, "0.0.0.0:2"],
      ["::1", 2, undefined],
      ["8.8.8.8", 2, undefined],
      ["::1", 3, "[::]:3"],
      ["::", 3, "[::]:3"],
      ["127.0.0.1", 3, "[::]:3"],
      ["2001:4860::8888", 3, undefined],
      ["127.0.0.1", 4, undefined],
    ] as const
  ) assertEquals(listeners.at(ip(address), port), name, `${address} ${port}`);
  leave();
  leave();
  assertEquals(listeners.hasPort(1), true);
  again();
  assertEquals(listeners.hasPort(1), false);
});
