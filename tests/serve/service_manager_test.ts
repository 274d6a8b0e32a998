import { assert, assertEquals, assertMatch } from "@std/assert";
import { openServiceManager } from "../../lib/serve/service_manager.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { CONFIRMED } from "../support/admin.ts";
import { receiveNotifications } from "../support/notify.ts";
import { makeFolder } from "../support/programs.ts";
import { Sluice } from "../support/sluice.ts";
import { readExactly, startEcho, writeAll } from "../support/sockets.ts";

const ignore = Deno.build.os !== "linux";

for (const workers of ["1", "2"]) {
  Deno.test({
    name:
      `openServiceManager() tells of start, life, reload and end, workers ${workers}`,
    ignore,
    async fn() {
      await using folder = await makeFolder();
      const address = `${folder.path}/notify`;
      const rules = `${folder.path}/rules`;
      await Deno.writeTextFile(rules, "allow\n");
      using manager = receiveNotifications(address);
      await using echo = startEcho();
      const variables = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "100000" };
      await using sluice = new Sluice(
        { env: variables },
        ...["--rules", rules, "--workers", workers],
      );
      assertEquals(await manager.next(), [
        "READY=1",
        "STATUS=Serving, 0 connections open",
      ]);
      using conn = await sluice.openTunnel(echo.addr);
      await writeAll(conn, [1]);
      await readExactly(conn, 1);
      let said = await manager.next();
      while (said[1] !== "STATUS=Serving, 1 connection open") {
        assertEquals(said[0], "WATCHDOG=1");
        said = await manager.next();
      }
      sluice.kill("SIGHUP");
      said = await nextBesidesLife(manager);
      assertEquals(said[0], "RELOADING=1");
      assertMatch(said[1]!, /^MONOTONIC_USEC=[1-9]\d*$/);
      assertEquals((await nextBesidesLife(manager))[0], "READY=1");
      sluice.kill("SIGTERM");
      assertEquals(await nextBesidesLife(manager), [
        "STOPPING=1",
        "EXTEND_TIMEOUT_USEC=35000000",
        "STATUS=Accepting no more, 1 connection left",
      ]);
      conn.close();
      assertEquals(await sluice.code(), 0);
    },
  });
}

Deno.test({
  name:
    "openServiceManager() tells of a reload where there is no file, and of a drain that the admin API has begun",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const address = `${folder.path}/notify`;
    using manager = receiveNotifications(address);
    await using echo = startEcho();
    // A watchdog that waits for another process is not ours.
    const variables = {
      NOTIFY_SOCKET: address,
      WATCHDOG_USEC: "1000",
      WATCHDOG_PID: "1",
    };
    await using sluice = new Sluice(
      { env: variables },
      ...["--admin", "127.0.0.1:0", "--drain-timeout", "20s"],
    );
    assertEquals((await manager.next())[0], "READY=1");
    sluice.kill("SIGHUP");
    assertEquals((await manager.next())[0], "RELOADING=1");
    assertEquals((await manager.next())[0], "READY=1");
    using conn = await sluice.openTunnel(echo.addr);
    const line = await sluice.line(/Admin page/);
    const [url] = /http:\/\/\S+/.exec(line)!;
    const init = { method: "POST", headers: CONFIRMED };
    const answer = await fetch(`${url}api/drain`, init);
    await answer.body?.cancel();
    assertEquals(answer.status, 202);
    assertEquals(await manager.next(), [
      "STOPPING=1",
      "EXTEND_TIMEOUT_USEC=25000000",
      "STATUS=Accepting no more, 1 connection left",
    ]);
    conn.close();
    assertEquals(await sluice.code(), 0);
  },
});

Deno.test("openServiceManager() says that an address is none, and goes on", async () => {
  await using sluice = new Sluice({ env: { NOTIFY_SOCKET: "vsock:2" } });
  assertMatch(
    await sluice.line(/notify systemd/),
    /Cannot notify systemd: 'vsock:2' is neither/,
  );
  assert(await sluice.port() > 0);
});

Deno.test("openServiceManager() changes nothing where nobody has asked", async () => {
  const logged: LogEvent[] = [];
  using manager = await openServiceManager((event) => logged.push(event));
  manager.ready({ connections: 0 });
  manager.reloading(Promise.resolve());
  manager.stopping(0);
  assertEquals(logged, []);
});

async function nextBesidesLife(
  manager: { next(): Promise<string[]> },
): Promise<string[]> {
  while (true) {
    const said = await manager.next();
    if (said[0] !== "WATCHDOG=1") return said;
  }
}
