import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  adoptListener,
  listeningAddress,
} from "../../../lib/net/system/adopt_listener.ts";
import type { Listener } from "../../../lib/net/listen.ts";
import { within } from "../../support/sockets.ts";
import { turns } from "../../support/time.ts";

const isLinux = Deno.build.os === "linux";

// Loaded for good, as in the program: before the first test, which would be
// blamed for it.
if (isLinux) listeningAddress(0);

/** What opens sockets as a service manager does. */
const system = isLinux
  ? Deno.dlopen("libc.so.6", {
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    dup: { parameters: ["i32"], result: "i32" },
    listen: { parameters: ["i32", "i32"], result: "i32" },
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  }).symbols
  : undefined!;

const INET = 2;
const INET6 = 10;
const STREAM = 1;

/** Opens a socket that blocks, as inherited ones do. */
function openSocket(family = INET, type = STREAM, listens = true): number {
  const descriptor = system.socket(family, type, 0);
  const name = new Uint8Array(family === INET ? 16 : 28);
  name[0] = family;
  if (family === INET) name.set([127, 0, 0, 1], 4);
  else name[23] = 1;
  assertEquals(system.bind(descriptor, name, name.length), 0);
  if (listens) assertEquals(system.listen(descriptor, 16), 0);
  return descriptor;
}

function connectTo({ addr }: Listener): Promise<Deno.TcpConn> {
  const { hostname, port } = addr as Deno.NetAddr;
  return Deno.connect({ hostname, port });
}

const test = (name: string, fn: () => Promise<void> | void) =>
  Deno.test({ name, ignore: !isLinux, fn });

test("listeningAddress() tells where a socket listens", () => {
  for (const [family, host] of [[INET, "127.0.0.1"], [INET6, "::1"]] as const) {
    const descriptor = openSocket(family);
    const addr = listeningAddress(descriptor);
    assertEquals(addr?.hostname, host);
    assert(addr!.port > 0);
    system.close(descriptor);
  }
});

test("listeningAddress() knows what does not listen", () => {
  const silent = openSocket(INET, STREAM, false);
  const datagrams = openSocket(INET, 2, false);
  for (const descriptor of [silent, datagrams, 0, 9_999, -1]) {
    assertEquals(listeningAddress(descriptor), undefined);
  }
  system.close(silent);
  system.close(datagrams);
});

test("adoptListener() accepts who came before it and who comes after", async () => {
  const descriptor = openSocket();
  const { hostname, port } = listeningAddress(descriptor)!;
  using early = await Deno.connect({ hostname, port });
  using listener = adoptListener(descriptor);
  assertEquals(listener.addr, { transport: "tcp", hostname, port });
  for (let n = 0; n < 20; n++) {
    using later = n === 0 ? early : await Deno.connect({ hostname, port });
    using accepted = await within(5_000, listener.accept());
    assertEquals(accepted.localAddr, later.remoteAddr as Deno.NetAddr);
    assertEquals(accepted.remoteAddr, later.localAddr as Deno.NetAddr);
    await accepted.write(Uint8Array.of(n));
    const got = new Uint8Array(1);
    assertEquals(await within(5_000, later.read(got)), 1);
    assertEquals(got[0], n);
  }
});

test("adoptListener() waits without stopping what else there is to do", async () => {
  using listener = adoptListener(openSocket());
  const accepting = listener.accept();
  await turns();
  using _client = await connectTo(listener);
  (await within(5_000, accepting))[Symbol.dispose]();
});

test("adoptListener() ends when it is closed, and leaves the socket to others", async () => {
  const descriptor = openSocket();
  const kept = system.dup(descriptor);
  const listener = adoptListener(descriptor);
  assertEquals(listeningAddress(descriptor), undefined);
  const accepting = listener.accept().then(() => "accepted", () => "ended");
  listener[Symbol.dispose]();
  assertEquals(await within(5_000, accepting), "ended");
  using _client = await connectTo(listener);
  using other = adoptListener(kept);
  (await within(5_000, other.accept()))[Symbol.dispose]();
});

test("adoptListener() takes several sockets", async () => {
  using first = adoptListener(openSocket());
  using second = adoptListener(openSocket(INET6));
  for (const listener of [second, first, second]) {
    using _client = await connectTo(listener);
    (await within(5_000, listener.accept()))[Symbol.dispose]();
  }
});

test("adoptListener() refuses what does not listen", () => {
  const descriptor = openSocket(INET, STREAM, false);
  assertThrows(
    () => adoptListener(descriptor),
    Error,
    "not a listening TCP socket",
  );
  system.close(descriptor);
});
