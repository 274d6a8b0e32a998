import { assert, assertEquals } from "@std/assert";
import { FORWARD_OPTIONS } from "../../lib/forward/options.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import { settingsOf } from "../../lib/cli/settings.ts";
import { startProxy } from "../../lib/proxy/start.ts";
import { eventually } from "../support/dialogue.ts";
import { readExactly, within, writeAll } from "../support/sockets.ts";

/** A proxy as a command line has it, with a client that has said nothing. */
async function proxyWith(...args: string[]) {
  const options = await parseOptions(
    ["--listen=127.0.0.1:0", ...args],
    PROXY_OPTIONS,
  );
  const proxy = await startProxy(settingsOf(PROXY_OPTIONS, options));
  const { hostname, port } = proxy.listeners[0]!.addr;
  const conn = await Deno.connect({ hostname, port });
  assert(await eventually(() => proxy.connections === 1));
  return { proxy, conn };
}

Deno.test("--shutdown-grace is a second, of a proxy and of a relay", async () => {
  const proxy = await parseOptions([], PROXY_OPTIONS);
  assertEquals(settingsOf(PROXY_OPTIONS, proxy).grace, 1_000);
  const words = ["8848", "127.0.0.1:80", "--shutdown-grace=5s"];
  const relay = await parseOptions(words, FORWARD_OPTIONS);
  assertEquals(settingsOf(FORWARD_OPTIONS, relay).grace, 5_000);
});

Deno.test("--shutdown-grace 0 does not wait for a client that has sent nothing", async () => {
  const { conn: client, proxy } = await proxyWith("--shutdown-grace=0");
  using conn = client;
  assertEquals(await within(5_000, proxy.shutdown(30_000)), 0);
  assertEquals(await within(5_000, conn.read(new Uint8Array(1))), null);
});

Deno.test("--shutdown-grace lets a client begin that came before the shutdown", async () => {
  const { conn, proxy } = await proxyWith("--shutdown-grace=1m");
  const draining = proxy.shutdown(30_000);
  await writeAll(conn, [5, 1, 0]);
  assertEquals(
    await within(5_000, readExactly(conn, 2)),
    Uint8Array.of(5, 0),
  );
  conn.close();
  await within(5_000, draining);
});
