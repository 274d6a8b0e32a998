import { assert, assertEquals } from "@std/assert";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import {
  assertBytes,
  assertServedAlone,
  exchange,
  join,
  readToEof,
  roundTrip,
} from "../support/dialogue.ts";
import { type SomeProxyConfig, startTestProxy } from "../support/proxy.ts";
import { REJECTED, socks4Request } from "../support/socks4.ts";
import { closedPort, startEcho, within, writeAll } from "../support/sockets.ts";

const USERS = [{ name: "alice", password: "secret" }];

/** A listener that others than this machine can reach. */
const PUBLIC = { listen: [{ host: "0.0.0.0", port: 0 }], open: true };

interface Case {
  name: string;
  said: Uint8Array;
  config?: SomeProxyConfig;
  logged: Partial<ConnectionEvent>;
}

const REFUSED = closedPort();
const REFUSED_ADDRESS = `127.0.0.1:${REFUSED}`;

const CASES: Case[] = [
  {
    name: "a target that refuses",
    said: socks4Request("127.0.0.1", REFUSED),
    logged: {
      protocol: "socks4",
      target: REFUSED_ADDRESS,
      result: "failed",
      code: "dial-refused",
      reason: `Cannot reach ${REFUSED_ADDRESS}: connection refused`,
    },
  },
  {
    name: "an unknown host",
    said: socks4Request("x.invalid", 443, { userId: "fred" }),
    logged: {
      protocol: "socks4a",
      user: "fred",
      target: "x.invalid:443",
      result: "failed",
      code: "dial-name-not-found",
      reason: "Cannot resolve x.invalid: name does not exist",
    },
  },
  {
    name: "port 0",
    said: socks4Request("127.0.0.1", 0),
    logged: {
      protocol: "socks4",
      target: "127.0.0.1:0",
      result: "failed",
      code: "dial-failed",
      reason: "Cannot reach 127.0.0.1:0: port is 0",
    },
  },
  {
    name: "0.0.0.0",
    said: socks4Request("0.0.0.0", 443),
    logged: {
      protocol: "socks4",
      result: "refused",
      code: "protocol",
      reason: "Cannot serve request: DSTIP is 0.0.0.0",
    },
  },
  {
    name: "an empty name",
    said: socks4Request("", 443),
    logged: {
      protocol: "socks4",
      result: "refused",
      code: "protocol",
      reason: "Cannot parse request: name is empty",
    },
  },
  {
    name: "a name with a control character",
    said: socks4Request("a\nb", 443),
    logged: {
      protocol: "socks4",
      result: "refused",
      code: "protocol",
      reason: 'Cannot parse request: label "a\\nb" is not allowed in a name',
    },
  },
  {
    name: "a USERID of 256 bytes",
    said: socks4Request("127.0.0.1", 443, { userId: "a".repeat(256) }),
    logged: {
      protocol: "socks4",
      result: "refused",
      code: "protocol",
      reason: "Cannot parse request: USERID has more than 255 bytes",
    },
  },
  {
    name: "a name of 256 bytes",
    said: socks4Request("a".repeat(256), 443),
    logged: {
      protocol: "socks4",
      result: "refused",
      code: "protocol",
      reason: "Cannot parse request: name has more than 255 bytes",
    },
  },
  {
    name: "a listener with users",
    said: socks4Request("127.0.0.1", 443, { userId: "alice" }),
    config: { users: USERS },
    logged: {
      protocol: "socks4",
      user: "alice",
      result: "refused",
      code: "protocol",
      reason:
        "Cannot serve request: SOCKS4 has no passwords, and this proxy needs one",
    },
  },
  {
    name: "this machine on a public listener",
    said: socks4Request("127.0.0.1", 443),
    config: PUBLIC,
    logged: {
      protocol: "socks4",
      target: "127.0.0.1:443",
      result: "refused",
      rule: "guard",
      code: "guard",
      reason:
        "Address 127.0.0.1 is loopback (guard); a rule with 'to' that covers it would allow it",
    },
  },
  {
    name: "this machine by an IPv6 name on a public listener",
    said: socks4Request("::ffff:127.0.0.1", 443),
    config: PUBLIC,
    logged: {
      protocol: "socks4a",
      target: "[::ffff:127.0.0.1]:443",
      result: "refused",
      rule: "guard",
      code: "guard",
      reason:
        "Address ::ffff:127.0.0.1 is loopback (IPv4-mapped) (guard); a rule with 'to' that covers it would allow it",
    },
  },
];

for (const { name, said, config, logged } of CASES) {
  Deno.test(`socks4() refuses with 91 and says why for ${name}`, async () => {
    await using proxy = await startTestProxy(config);
    assertBytes(await exchange(proxy, said), REJECTED);
    const [record] = await within(5_000, proxy.whenEnded(1));
    const { startedAt: _, duration: __, client: ___, listener: ____, ...rest } =
      record!;
    assertEquals<Partial<ConnectionEvent>>(rest, {
      event: "connection",
      sent: 0,
      received: 0,
      ...logged,
    });
  });
}

Deno.test("socks4() refuses every other command with 91 and never dials", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  for (let command = 0; command < 256; command++) {
    if (command === 1 || command === 2) continue;
    const said = socks4Request("127.0.0.1", echo.addr.port, { command });
    assertBytes(await exchange(proxy, said), REJECTED);
  }
  const ended = await within(5_000, proxy.whenEnded(254));
  const reasons = new Set(ended.map(({ reason }) => reason));
  assert(reasons.has("Cannot serve request: CD is 0"));
  assertEquals(reasons.size, 254);
  await assertServedAlone(proxy, echo);
});

Deno.test("socks4() refuses with users whatever the command, and never dials", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ users: USERS });
  const { port } = echo.addr;
  for (const command of [0, 1, 2, 3]) {
    for (const userId of ["", "alice", "alice:secret"]) {
      const said = socks4Request("127.0.0.1", port, { command, userId });
      assertBytes(await exchange(proxy, said), REJECTED);
    }
  }
  await using open = await startTestProxy();
  await assertServedAlone(open, echo);
});

Deno.test("socks4() reads the whole request before it refuses for users", async () => {
  await using proxy = await startTestProxy({ users: USERS });
  const said = socks4Request("example.com", 80, { userId: "alice" });
  using conn = await proxy.connect();
  await writeAll(conn, said.subarray(0, -1));
  await conn.closeWrite();
  assertBytes(await within(5_000, readToEof(conn)), []);
});

Deno.test("socks4() lets its refusal arrive although the client has said more", async () => {
  await using proxy = await startTestProxy();
  const said = socks4Request("127.0.0.1", REFUSED);
  const payload = new Uint8Array(100_000);
  assertBytes(await exchange(proxy, join(said, payload)), REJECTED);
});

Deno.test("socks4() refuses with 91 over the limit of connections", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ maxConnections: 1 });
  using first = await proxy.connect();
  await writeAll(first, [4]);
  const said = socks4Request("127.0.0.1", echo.addr.port);
  assertBytes(await exchange(proxy, said), REJECTED);
  const [record] = await proxy.whenEnded(1);
  assertEquals(record!.reason, "Limit of 1 connection reached");
});

Deno.test("socks4() refuses with 91 during a drain", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  using conn = await proxy.connect();
  const said = socks4Request("127.0.0.1", echo.addr.port);
  await writeAll(conn, said.subarray(0, 4));
  await roundTrip(proxy, echo); // So the first half is read.
  await within(5_000, proxy.whenEnded(1));
  const draining = proxy.proxy.shutdown(30_000);
  await writeAll(conn, said.subarray(4));
  assertBytes(await within(5_000, readToEof(conn)), REJECTED);
  conn.close();
  assertEquals(await within(5_000, draining), 0);
  assertEquals(proxy.ended.at(-1)!.reason, "Sluice is shutting down");
});
