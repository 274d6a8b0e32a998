import { assert, assertEquals, assertMatch } from "@std/assert";
import { examineCapacity } from "../../../lib/doctor/capacity.ts";
import {
  describePlan,
  knowMemoryLimit,
  memoryLimit,
  memoryPlan,
  reservePasswordChecks,
} from "../../../lib/serve/limits/memory_plan.ts";
import { ALONE } from "../../../lib/serve/server_host.ts";
import { ECHO_OPTIONS } from "../../../lib/echo/options.ts";
import { startEcho } from "../../../lib/echo/start.ts";
import { startHub } from "../../../lib/hub/start.ts";
import { HUB_OPTIONS } from "../../../lib/hub/options.ts";
import { defaultSettings } from "../../../lib/cli/settings.ts";
import { LARGE_BUFFERS } from "../../../lib/net/buffer_pool.ts";
import { load, startTestRun } from "../../support/config.ts";
import { Sluice } from "../../support/sluice.ts";
import { sluice } from "../../support/sluice_commands.ts";
import { makeFolder } from "../../support/programs.ts";
import { openTunnel, startTestProxy } from "../../support/proxy.ts";
import { startEcho as startTarget } from "../../support/sockets.ts";

const MB = 1_000_000;
const MIB = 1024 * 1024;

/** As a start of the program leaves it in 64 MiB. */
const SMALL = { limit: 64 * MIB, used: 20 * MB };

/** Of which nothing else in this process shall know. */
async function underLimit(
  limit: { limit: number; used: number },
  act: () => Promise<void>,
): Promise<void> {
  const before = memoryLimit();
  knowMemoryLimit(limit);
  try {
    await act();
  } finally {
    knowMemoryLimit(before);
    LARGE_BUFFERS.setBudget(256 * MIB);
  }
}

Deno.test("memoryPlan() gives buffers a quarter of what is left at most", () => {
  for (const limit of [24, 32, 48, 64, 128, 256, 512, 1024, 4096, 65536]) {
    for (const threads of [1, 2, 16]) {
      for (const isHeapBound of [true, false]) {
        const plan = memoryPlan({
          ...{ limit: { limit: limit * MIB, used: 20 * MB } },
          ...{ threads, isHeapBound, hasPasswords: false },
        })!;
        assert(plan.left <= limit * MIB - 20 * MB);
        assert(plan.buffers <= plan.left / 4);
        assert(plan.buffers <= 256 * MIB * threads);
        assert(plan.connections >= 1);
        if (plan.connections === 1) continue;
        // An idle tunnel takes 27 to 33 KB.
        assert(plan.connections * 33_000 + plan.buffers < plan.left);
      }
    }
  }
});

Deno.test("memoryPlan() carries less where V8 does not know the limit", () => {
  const limit = { limit: 256 * MIB, used: 20 * MB };
  const [bound, unbound] = [true, false].map((isHeapBound) =>
    memoryPlan({ limit, isHeapBound, hasPasswords: false })!
  );
  assert(bound!.connections > unbound!.connections);
  const isAtRisk = (mib: number, isHeapBound: boolean) =>
    memoryPlan({ limit: { limit: mib * MIB, used: 20 * MB }, isHeapBound })!
      .isAtRisk;
  assertEquals(
    [isAtRisk(64, true), isAtRisk(64, false), isAtRisk(1024, false)],
    [false, true, false],
  );
});

Deno.test("memoryPlan() leaves room for hashes of passwords and for workers", () => {
  const limit = { limit: 256 * MIB, used: 20 * MB };
  const carried = (more: object) =>
    memoryPlan({ limit, isHeapBound: true, hasPasswords: false, ...more })!
      .left;
  assertEquals(carried({}) - carried({ hasPasswords: true }) >= 32 * MIB, true);
  assertEquals(carried({}) - carried({ threads: 4 }), 60 * MB);
});

Deno.test("memoryPlan() has a connection at least, and none without a limit", () => {
  const none = memoryPlan({ limit: { limit: 16 * MIB, used: 20 * MB } })!;
  assertEquals([none.left, none.connections, none.buffers], [0, 1, 0]);
  assertEquals(
    describePlan(none),
    "The memory limit of 17 MB leaves 0 B: room for 1 connection, with 0 B of buffers",
  );
  assertEquals(memoryPlan({ limit: undefined }), undefined);
});

Deno.test("startProxy() takes what a memory limit carries, says so, and keeps buffers to it", async () => {
  await underLimit(SMALL, async () => {
    const { buffers, connections } = memoryPlan()!;
    const messages: string[] = [];
    await using proxy = await startTestProxy({
      log(event) {
        if (event.event === "message") messages.push(event.message);
      },
    });
    assertEquals(messages.length, 1);
    assertMatch(
      messages[0]!,
      RegExp(
        `^The memory limit of 67 MB leaves 47 MB: room for ${connections} connections, with .* of buffers; Sluice accepts ${connections} at most`,
      ),
    );
    assert(connections > 100 && connections < 1_000, `${connections}`);
    let taken = 0;
    const lent: Uint8Array<ArrayBuffer>[] = [];
    for (let one; (one = LARGE_BUFFERS.take(64 * 1024)); taken += one.length) {
      lent.push(one);
    }
    for (const one of lent) LARGE_BUFFERS.forget(one);
    assert(taken <= buffers && taken > buffers - 128 * 1024, `${taken}`);
    assert(proxy.addr.port > 0);
  });
});

Deno.test("startProxy() refuses more than a memory limit carries", async () => {
  await underLimit({ limit: 21 * MB, used: 20 * MB }, async () => {
    const { connections } = memoryPlan()!;
    assert(connections < 20);
    await using target = startTarget();
    await using proxy = await startTestProxy();
    const held: Deno.TcpConn[] = [];
    try {
      for (let count = 0; count < connections; count++) {
        held.push(await openTunnel(proxy, target.addr));
      }
      const more = await openTunnel(proxy, target.addr)
        .catch((error) => error.message);
      assertEquals(more, "Refused with 1");
    } finally {
      for (const conn of held) conn.close();
    }
  });
});

Deno.test("startProxy() warns where --max-connections allows more than that", async () => {
  await underLimit(SMALL, async () => {
    const said: string[] = [];
    await using _proxy = await startTestProxy({
      maxConnections: 5_000,
      log(event) {
        if (event.event === "message") {
          said.push(`${event.level} ${event.message}`);
        }
      },
    });
    assertMatch(
      said[0]!,
      /^warning The memory limit .*; --max-connections 5000 allows more than that/,
    );
  });
});

Deno.test("the hub and the echo server say what a memory limit carries", async () => {
  await underLimit(SMALL, async () => {
    const messages: string[] = [];
    const rest = {
      host: ALONE,
      log: (event: { event: string; message?: string }) => {
        messages.push(event.message!);
      },
    };
    const where = { host: "127.0.0.1", port: 0 };
    const servers = [
      await startHub({
        ...defaultSettings(HUB_OPTIONS),
        ...{ listen: [where], ...rest },
      }),
      await startEcho({
        ...defaultSettings(ECHO_OPTIONS),
        ...{ mode: "echo", listen: where, ...rest },
      }),
    ];
    for (const server of servers) await server.shutdown(0);
    assertEquals(messages.length, 2);
    for (const message of messages) assertMatch(message, /^The memory limit/);
  });
});

Deno.test("RunningConfig shares what a memory limit carries among its listeners", async () => {
  await underLimit(SMALL, async () => {
    const { connections } = memoryPlan()!;
    await using run = startTestRun();
    await run.running.apply(
      await load({
        listeners: [
          { kind: "proxy", listen: 0 },
          { kind: "echo", listen: 0 },
        ],
      }),
    );
    const half = Math.floor(connections / 2);
    const said = run.messages.filter((message) =>
      message.includes(`shared by 2 listeners; Sluice accepts ${half} at most`)
    );
    assertEquals(said.length, 2, run.messages.join("\n"));
  });
});

Deno.test("reservePasswordChecks() lets no more be hashed than a memory limit carries", async () => {
  await underLimit(SMALL, () => {
    assertEquals(reservePasswordChecks(), 1);
    return Promise.resolve();
  });
});

Deno.test("examineCapacity() says what a memory limit carries, and what to do", async () => {
  const rest = { threads: 1, hasPasswords: false, backlog: 1 };
  const find = (connections: (number | undefined)[]) =>
    examineCapacity({ connections, ...rest })
      .find(({ check }) => check === "memory");
  await underLimit({ limit: 1024 * MIB, used: 20 * MB }, () => {
    assertEquals(find([undefined])!.level, "ok");
    assertMatch(find([undefined])!.message, /room for \d+ connections/);
    assertEquals(find([undefined, undefined])!.level, "ok");
    const found = find([60_000])!;
    assertEquals(found.level, "warning");
    assertMatch(found.message, /60000 wanted: if they need more, the system/);
    assertMatch(found.remedy!, /^--max-connections \d+, or a higher limit$/);
    return Promise.resolve();
  });
  await underLimit({ limit: 24 * MIB, used: 20 * MB }, () => {
    const found = find([undefined])!;
    assertEquals(found.level, "problem");
    return Promise.resolve();
  });
});

Deno.test({
  name: "the doctor of a machine without a limit has nothing to say of memory",
  async fn() {
    await using _folder = await makeFolder();
    const before = memoryLimit();
    knowMemoryLimit(undefined);
    try {
      const load = { connections: [1], threads: 1, hasPasswords: false };
      const found = examineCapacity({ ...load, backlog: 1 });
      assertEquals(found.filter(({ check }) => check === "memory"), []);
    } finally {
      knowMemoryLimit(before);
    }
  },
});

// A file system of its own takes root, and the right to mount, which nothing
// installs.
if (await mayMount()) {
  Deno.test("sluice and its doctor say what the limit of their control group carries", async () => {
    await using folder = await makeFolder();
    const files = {
      "memory.max": `${64 * MIB}\n`,
      "memory.current": "20000000\n",
      "memory/memory.limit_in_bytes": `${64 * MIB}\n`,
      "memory/memory.usage_in_bytes": "20000000\n",
    };
    await Deno.mkdir(`${folder.path}/memory`);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder.path}/${name}`, text);
    }
    const options = {
      prefix: [
        ...["unshare", "-m", "sh", "-c"],
        ...['mount --bind "$0" /sys/fs/cgroup && exec "$@"', folder.path],
      ],
      env: { DENO_USE_CGROUPS: "1" },
    };
    const doctor = ["doctor", "--json", "--listen", "0"];
    const { text: said } = await sluice(doctor, options);
    const found = (JSON.parse(said).findings as { check: string }[])
      .find(({ check }) => check === "memory") as { message?: string };
    const want = /The memory limit of 67 MB leaves 47 MB: room for (\d+) conn/;
    assertMatch(found?.message ?? "", want);
    for (const workers of ["1", "2"]) {
      await using server = new Sluice(options, "--workers", workers);
      await server.line(/./);
      server.kill("SIGTERM");
      await server.code();
      assertMatch(server.lines[0]!, /The memory limit of 67 MB leaves /);
    }
  });
}

async function mayMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  try {
    const args = ["-m", "mount", "--bind", "/tmp", "/mnt"];
    return (await new Deno.Command("unshare", { args }).output()).success;
  } catch {
    return false;
  }
}
