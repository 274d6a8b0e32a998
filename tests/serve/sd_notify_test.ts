import { assert, assertEquals, assertThrows } from "@std/assert";
import { openNotifySocket } from "../../lib/serve/sd_notify.ts";
import { receiveNotifications } from "../support/notify.ts";
import { makeFolder } from "../support/programs.ts";

const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "openNotifySocket() sends to a path and to an abstract name",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const abstract = `@sluice-test-${crypto.randomUUID()}`;
    for (const address of [`${folder.path}/notify`, abstract]) {
      using receiver = receiveNotifications(address);
      using socket = openNotifySocket(address);
      assert(socket.send("READY=1", "STATUS=é"));
      assertEquals(await receiver.next(), ["READY=1", "STATUS=é"]);
    }
  },
});

Deno.test({
  name: "openNotifySocket() reports a missing manager, and continues",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const address = `${folder.path}/notify`;
    using socket = openNotifySocket(address);
    assertEquals(socket.send("READY=1"), false);
    using receiver = receiveNotifications(address);
    assert(socket.send("WATCHDOG=1"));
    assertEquals(await receiver.next(), ["WATCHDOG=1"]);
  },
});

Deno.test({
  name: "openNotifySocket() does not wait for a manager that does not read",
  ignore,
  async fn() {
    await using folder = await makeFolder();
    const address = `${folder.path}/notify`;
    using _receiver = receiveNotifications(address);
    using socket = openNotifySocket(address);
    let sent = 0;
    while (sent < 100_000 && socket.send("WATCHDOG=1")) sent++;
    assert(sent > 0 && sent < 100_000, `${sent} were taken`);
  },
});

Deno.test({
  name: "openNotifySocket() sends nothing once it is disposed of",
  ignore,
  fn() {
    const socket = openNotifySocket("/nowhere");
    socket[Symbol.dispose]();
    socket[Symbol.dispose]();
    assertEquals(socket.send("READY=1"), false);
  },
});

Deno.test({
  name: "openNotifySocket() has a clock that goes on, as the system's does",
  ignore,
  fn() {
    using socket = openNotifySocket("/nowhere");
    const first = socket.monotonicTime();
    assert(first > 0n);
    assert(socket.monotonicTime() >= first);
    const [uptime] = Deno.readTextFileSync("/proc/uptime").split(" ");
    const difference = Number(first) / 1e6 - Number(uptime);
    assert(Math.abs(difference) < 5, `${difference} s from /proc/uptime`);
  },
});

Deno.test("openNotifySocket() refuses addresses that are none", () => {
  for (const address of ["notify", "vsock:2:1", `/${"x".repeat(107)}`]) {
    assertThrows(() => openNotifySocket(address), SyntaxError, address);
  }
});
