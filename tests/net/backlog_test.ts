import { assertEquals, assertMatch } from "@std/assert";
import { startAdmin } from "../../lib/admin/server.ts";
import { examineCapacity } from "../../lib/doctor/capacity.ts";
import { DrainState } from "../../lib/admin/drain_state.ts";
import { openListener } from "../../lib/serve/open_listener.ts";
import { Threads } from "../../lib/admin/threads/threads.ts";
import { ALONE, type ServerHost } from "../../lib/serve/server_host.ts";
import { ECHO_OPTIONS } from "../../lib/echo/options.ts";
import { startEcho } from "../../lib/echo/start.ts";
import { startForward } from "../support/forward.ts";
import { startHub } from "../../lib/hub/start.ts";
import { HUB_OPTIONS } from "../../lib/hub/options.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import type { RunningListeners } from "../../lib/serve/start_listeners.ts";
import { WorkerHost } from "../../lib/workers/host.ts";
import { listenResettable } from "../../lib/net/resettable_listener.ts";
import { startProxy } from "../support/proxy.ts";
import { within } from "../support/sockets.ts";

/** More than the 511 that Deno and `node:net` choose. */
const CROWD = 1_000;

const LISTEN = { host: "127.0.0.1", port: 0 };

/** A program whose listeners are opened as ever, and never accept. */
const STUCK: ServerHost = { ...ALONE, open: stuck(ALONE) };

function stuck(host: ServerHost): ServerHost["open"] {
  return async (where, open, backlog) => {
    const listener = await host.open(where, open, backlog);
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    return {
      addr: listener.addr,
      accept: () => promise,
      [Symbol.dispose]() {
        listener[Symbol.dispose]();
        reject(new Deno.errors.BadResource("Listener is closed"));
      },
    };
  };
}

const SERVERS: Record<
  string,
  (host: ServerHost, backlog?: number) => Promise<RunningListeners>
> = {
  proxy: (host, backlog) =>
    startProxy({ listen: [LISTEN], host, ...withBacklog(backlog) }),
  forward: (host, backlog) =>
    startForward({ routes: ROUTES, host, ...withBacklog(backlog) }),
  echo: (host, backlog) =>
    startEcho({
      ...defaultSettings(ECHO_OPTIONS),
      ...{ mode: "echo", listen: LISTEN, host, ...withBacklog(backlog) },
    }),
  hub: (host, backlog) =>
    startHub({
      ...defaultSettings(HUB_OPTIONS),
      ...{ listen: [LISTEN], host, ...withBacklog(backlog) },
    }),
};

const ROUTES = [{
  listen: LISTEN,
  upstreams: [{
    ...{ endpoint: { host: "127.0.0.1", port: 1 }, isTls: false },
    ...{ weight: 1, isBackup: false },
  }],
}];

function withBacklog(backlog: number | undefined) {
  return backlog === undefined ? {} : { backlog };
}

const somaxconn = Deno.build.os === "linux"
  ? Number(Deno.readTextFileSync("/proc/sys/net/core/somaxconn"))
  : 0;

const NEEDS = somaxconn >= CROWD
  ? { ignore: false, why: "" }
  : { ignore: true, why: " (ignored: needs net.core.somaxconn of 1000)" };

/** Connects so many at once; tells how many connections came about. */
async function connectAll(port: number, count = CROWD): Promise<number> {
  const all = await within(
    10_000,
    Promise.allSettled(
      Array.from({ length: count }, () => Deno.connect({ port })),
    ),
  );
  const opened = all.flatMap((one) =>
    one.status === "fulfilled" ? [one.value] : []
  );
  for (const conn of opened) conn.close();
  return opened.length;
}

function portOf(server: RunningListeners): number {
  return server.listeners[0]!.addr.port;
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test({
    name: `${kind} holds 1,000 connections that it does not accept${NEEDS.why}`,
    ignore: NEEDS.ignore,
    async fn() {
      const server = await start(STUCK);
      try {
        assertEquals(await connectAll(portOf(server)), CROWD);
      } finally {
        await server.shutdown(0);
      }
    },
  });
}

Deno.test({
  name: `a worker holds 1,000 connections that it does not accept${NEEDS.why}`,
  ignore: NEEDS.ignore,
  async fn() {
    const host = new WorkerHost({
      thread: { index: 0, count: 2 },
      registry: undefined,
      log: () => {},
      link: { tell() {} },
      now: () => 0,
    });
    using listener = await host.open(
      LISTEN,
      (where) =>
        Promise.resolve(openListener(where as { host: string; port: number })),
    );
    const { port } = listener.addr as Deno.NetAddr;
    assertEquals(await connectAll(port), CROWD);
  },
});

Deno.test({
  name: `the admin listener holds 1,000 connections${NEEDS.why}`,
  ignore: NEEDS.ignore,
  async fn() {
    await using admin = await startAdmin({
      listen: LISTEN,
      token: undefined,
      threads: new Threads(),
      state: new DrainState(),
      actions: {
        drain: () => {},
        reload: () => Promise.resolve({ reloaded: [] }),
        config: () => ({}),
      },
      log: () => {},
    });
    const port = Number(admin.name.split(":").at(-1));
    // It serves 64 at once, so that most of these wait in the queue.
    assertEquals(await connectAll(port), CROWD);
  },
});

Deno.test({
  name: "listenResettable() resets none of 1,000 that wait" + NEEDS.why,
  ignore: NEEDS.ignore,
  async fn() {
    using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const listener = await listenResettable("127.0.0.1", port);
    try {
      const clients = await within(
        10_000,
        Promise.all(
          Array.from({ length: CROWD }, () => Deno.connect({ port })),
        ),
      );
      // Every one of them is still there to be taken.
      for (const _client of clients) {
        (await within(5_000, listener.accept())).close();
      }
      for (const client of clients) client.close();
    } finally {
      listener.close();
    }
  },
});

Deno.test({
  name: "--backlog is what the system is asked for",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const start of Object.values(SERVERS)) {
      const server = await start(STUCK, 4);
      try {
        // Linux lets one more wait, and leaves the others unanswered.
        const port = portOf(server);
        const conns: Deno.TcpConn[] = [];
        for (let count = 0; count < 5; count++) {
          conns.push(await within(5_000, Deno.connect({ port })));
        }
        const late = new AbortController();
        const sixth = Deno.connect({ port, signal: late.signal }).then(
          (conn) => (conn.close(), "connected"),
          () => "waits",
        );
        const told = await Promise.race([
          sixth,
          new Promise((resolve) => setTimeout(resolve, 50, "waits")),
        ]);
        late.abort();
        await sixth;
        assertEquals(told, "waits");
        for (const conn of conns) conn.close();
      } finally {
        await server.shutdown(0);
      }
    }
  },
});

Deno.test({
  name: "examineCapacity() compares the backlog with somaxconn",
  ignore: Deno.build.os !== "linux",
  fn() {
    const find = (backlog: number) =>
      examineCapacity({
        ...{ connections: [1], threads: 1, hasPasswords: false, backlog },
      })
        .find(({ check }) => check === "somaxconn")!;
    assertEquals(find(1).level, "ok");
    const found = find(somaxconn + 1);
    assertEquals(found.level, "note");
    assertMatch(found.message, RegExp(`^${somaxconn} connections may wait`));
    assertMatch(found.remedy!, RegExp(`somaxconn=${somaxconn + 1}`));
  },
});
