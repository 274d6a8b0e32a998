import { assert, assertEquals } from "@std/assert";
import { resetSocket } from "../../../lib/net/system/reset_socket.ts";
import { HAS_IPV6, pattern, sha256 } from "../../support/dialogue.ts";
import {
  HAS_RESETS,
  receive,
  resetAndClose,
} from "../../support/reset_ends.ts";
import {
  readExactly,
  socketPair,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { turns } from "../../support/time.ts";

const ignore = !HAS_RESETS;

for (const length of [0, 1, 60_000, 4_000_000]) {
  Deno.test({
    name: `resetSocket() resets behind ${length} bytes that were written`,
    ignore,
    async fn() {
      const [near, far] = await socketPair();
      const bytes = pattern(length);
      const receiving = receive(far);
      await writeAll(near, bytes);
      await within(10_000, resetAndClose(near));
      const received = await within(10_000, receiving);
      assertEquals(received.end, "RST");
      assertEquals(await sha256(received.bytes), await sha256(bytes));
      far.close();
    },
  });
}

/** A connection whose peer does not read, and whose queues are full. */
interface Stuck {
  near: Deno.TcpConn;
  far: Deno.TcpConn;
  /** Bytes that were written once the last write is done. */
  written: Promise<number>;
}

async function stuckPair(): Promise<Stuck> {
  const [near, far] = await socketPair();
  const chunk = new Uint8Array(1024 * 1024);
  let count = 0;
  while (true) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), 200);
    const writing = near.write(chunk).catch(() => 0);
    const more = await Promise.race([writing, promise]);
    clearTimeout(timer);
    if (more === undefined) {
      return { near, far, written: writing.then((last) => count + last) };
    }
    count += more;
  }
}

Deno.test({
  name: "resetSocket() waits for a slow reader as long as it takes something",
  ignore,
  async fn() {
    const { near, far, written } = await stuckPair();
    let count = 0;
    const buffer = new Uint8Array(256 * 1024);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    let isWritten = false;
    written.then(() => isWritten = true);
    for (; !isWritten; await pause()) count += await far.read(buffer) ?? 0;
    const started = performance.now();
    let time = 0;
    const done = resetSocket(near, 150)!.done.then((isReset) => {
      time = performance.now() - started;
      near.close();
      return isReset;
    });
    for (; time === 0; await pause()) {
      const more = await Promise.race([far.read(buffer), done]);
      if (typeof more === "number") count += more;
      else break;
    }
    assertEquals(await done, true);
    const { bytes, end } = await receive(far);
    assertEquals([count + bytes.length, end], [await written, "RST"]);
    far.close();
  },
});

Deno.test({
  name: "resetSocket() gives a peer that takes nothing its time, and no more",
  ignore,
  async fn() {
    const { near, far } = await stuckPair();
    const started = performance.now();
    assertEquals(await within(5_000, resetSocket(near, 150)!.done), true);
    const time = performance.now() - started;
    assert(time >= 150 && time < 2_000, `${time} ms`);
    near.close();
    assertEquals((await receive(far)).end, "RST");
    far.close();
  },
});

Deno.test({
  name: "resetSocket() waits no longer when hurried",
  ignore,
  async fn() {
    const { near, far } = await stuckPair();
    const pending = resetSocket(near, 60_000)!;
    await turns();
    pending.hurry();
    assertEquals(await within(1_000, pending.done), true);
    near.close();
    assertEquals((await receive(far)).end, "RST");
    far.close();
  },
});

Deno.test({
  name: "resetSocket() says that a connection had ended before",
  ignore,
  async fn() {
    const [near, far] = await socketPair();
    await resetAndClose(far);
    assertEquals((await receive(near)).end, "RST");
    assertEquals(await within(5_000, resetSocket(near, 1_000)!.done), false);
    near.close();
  },
});

Deno.test({
  name: "resetSocket() leaves all other connections of the process as they are",
  ignore,
  async fn() {
    // All on one port, so that one name of each is the same.
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const pairs: [Deno.TcpConn, Deno.TcpConn][] = [];
    for (let n = 0; n < 200; n++) {
      pairs.push(
        await Promise.all([
          listener.accept(),
          Deno.connect({ port: listener.addr.port }),
        ]),
      );
    }
    const isReset = (n: number) => n % 3 === 0;
    await Promise.all(pairs.map(async ([near, far], n) => {
      await writeAll(near, [n]);
      if (isReset(n)) await resetAndClose(near);
      const byte = await readExactly(far, 1);
      assertEquals(byte[0], n);
      if (isReset(n)) {
        assertEquals((await receive(far)).end, "RST");
        return;
      }
      await writeAll(far, [n]);
      assertEquals((await readExactly(near, 1))[0], n);
    }));
    for (const [near, far] of pairs) {
      near[Symbol.dispose]();
      far.close();
    }
  },
});

Deno.test({
  name: "resetSocket() finds IPv6 and IPv4-mapped connections",
  ignore: ignore || !HAS_IPV6,
  async fn() {
    using listener = Deno.listen({ hostname: "::", port: 0 });
    for (const hostname of ["127.0.0.1", "::1"]) {
      const [near, far] = await Promise.all([
        listener.accept(),
        Deno.connect({ hostname, port: listener.addr.port }),
      ]);
      const ends = { localAddr: near.localAddr, remoteAddr: near.remoteAddr };
      assertEquals(await within(5_000, resetSocket(ends, 1_000)!.done), true);
      near.close();
      assertEquals((await receive(far)).end, "RST");
      far.close();
    }
  },
});

Deno.test("resetSocket() leaves a socket that it cannot reset to its caller", async () => {
  const unix = { transport: "tcp", hostname: "unix:", port: 0 } as const;
  const ends = { localAddr: unix, remoteAddr: unix };
  assertEquals(resetSocket(ends, 0), undefined);
  const path = new URL("../../../lib/net/system/", import.meta.url);
  // Without the permission, which is not asked for.
  const program = `
    import { prepareCLibrary } from "${path}c_library.ts";
    import { canReset, resetSocket } from "${path}reset_socket.ts";
    prepareCLibrary();
    const addr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
    const ends = { localAddr: addr, remoteAddr: addr };
    console.log(canReset(), resetSocket(ends, 0));`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { stdout, stderr } = await process.output();
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(said, ["false undefined\n", ""]);
});

Deno.test({
  name: "resetSocket() works after the permission is dropped",
  ignore,
  async fn() {
    const path = new URL("../../../lib/net/system/", import.meta.url);
    const program = `
      import { prepareCLibrary } from "${path}c_library.ts";
      import { resetSocket } from "${path}reset_socket.ts";
      prepareCLibrary();
      Deno.permissions.revokeSync({ name: "ffi" });
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const [near, far] = await Promise.all([
        listener.accept(),
        Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      ]);
      console.log(await resetSocket(near, 1_000).done);
      near.close();
      await far.read(new Uint8Array(1)).catch(({ name }) => console.log(name));
      Deno.exit();`;
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-net",
        "--allow-ffi",
        "-",
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(program));
    await writer.close();
    const { stdout } = await process.output();
    assertEquals(new TextDecoder().decode(stdout), "true\nConnectionReset\n");
  },
});
