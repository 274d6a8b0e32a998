import { assertEquals } from "@std/assert";
import {
  assertBytes,
  assertServedAlone,
  type Bytes,
  credentials,
  exchange,
  join,
  readToEof,
  refusal,
} from "../support/dialogue.ts";
import { GREETING, startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const BYTES = Array.from({ length: 256 }, (_, n) => n);

/** A request for 127.0.0.1 with one field changed, after a good greeting. */
function request(
  port: number,
  field: {
    version?: number;
    command?: number;
    reserved?: number;
    type?: number;
  },
): Bytes {
  const { version = 5, command = 1, reserved = 0, type = 1 } = field;
  const destination = [127, 0, 0, 1, port >> 8, port & 0xff];
  return join(GREETING, [version, command, reserved, type], destination);
}

Deno.test("socks5() closes without an answer for every version but 5 in a greeting", async () => {
  await using proxy = await startTestProxy({ protocols: ["socks5"] });
  await Promise.all(
    BYTES.filter((version) => version !== 5).map(
      async (version) => {
        const answer = await exchange(proxy, [version, 1, 0]);
        assertBytes(answer, [], `version ${version}`);
      },
    ),
  );
  const ended = await proxy.whenEnded(255);
  assertEquals(
    new Set(ended.map(({ result }) => result)),
    new Set(["refused"]),
  );
});

Deno.test("socks5() answers 01 01 for every version but 1 in credentials", async () => {
  const user = { name: "alice", password: "secret" };
  await using proxy = await startTestProxy({ users: [user] });
  const good = credentials(user.name, user.password);
  await Promise.all(
    BYTES.filter((version) => version !== 1).map(
      async (version) => {
        const message = join([version], good.subarray(1));
        const answer = await exchange(proxy, join([5, 1, 2], message));
        assertBytes(answer, [5, 2, 1, 1], `version ${version}`);
      },
    ),
  );
  const unknown = [5, 9, 0, 1, 127, 0, 0, 1, 0, 80];
  const answer = await exchange(proxy, join([5, 1, 2], good, unknown));
  assertBytes(answer, join([5, 2, 1, 0], refusal(7)), "version 1");
});

interface Field {
  name: string;
  field: "version" | "command" | "reserved" | "type";
  /** The values that are not refused. */
  good: number[];
  reply: number;
}

const FIELDS: Field[] = [
  { name: "version", field: "version", good: [5], reply: 1 },
  { name: "command", field: "command", good: [1, 2, 3], reply: 7 },
  { name: "RSV", field: "reserved", good: [0], reply: 1 },
  { name: "address type", field: "type", good: [1, 3, 4], reply: 8 },
];

for (const { name, field, good, reply } of FIELDS) {
  const values = BYTES.filter((value) => !good.includes(value));
  Deno.test(`socks5() refuses with ${reply} and never dials for ${values.length} values of ${name} in a request`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy();
    const { port } = echo.addr;
    await Promise.all(values.map(async (value) => {
      const answer = await exchange(proxy, request(port, { [field]: value }));
      assertBytes(answer, join([5, 0], refusal(reply)), `${name} ${value}`);
    }));
    const ended = await proxy.whenEnded(values.length);
    for (const { result, address } of ended) {
      assertEquals([result, address], ["refused", undefined]);
    }
    await assertServedAlone(proxy, echo);
  });
}

Deno.test("socks5() gets its refusal through to a client that goes on sending", async () => {
  await using proxy = await startTestProxy();
  const said = request(80, { command: 9 });
  const bytes = new Uint8Array(said.length + 500_000);
  bytes.set(said);
  using conn = await proxy.connect();
  await writeAll(conn, bytes);
  const answer = await within(5_000, readToEof(conn));
  assertBytes(answer, join([5, 0], refusal(7)));
});

Deno.test("socks5() refuses an unknown command before it looks up the name", async () => {
  await using proxy = await startTestProxy();
  const name = "nowhere.invalid";
  const bytes = new TextEncoder().encode(name);
  const answer = await exchange(
    proxy,
    join(GREETING, [5, 9, 0, 3, bytes.length], bytes, [0, 80]),
  );
  assertBytes(answer, join([5, 0], refusal(7)));
});

const METHOD_LISTS: { name: string; methods: number[]; method: number }[] = [
  { name: "no methods", methods: [], method: 0xff },
  { name: "255 methods, 0 last", methods: list(255, 0x42, 0), method: 0 },
  {
    name: "255 methods, 0 but the last",
    methods: list(255, 0, 0x42),
    method: 0,
  },
  { name: "255 methods without 0", methods: list(255, 0x42, 2), method: 0xff },
  { name: "255 times 0", methods: list(255, 0, 0), method: 0 },
  { name: "all but 255", methods: BYTES.slice(0, 255), method: 0 },
  { name: "all but 0", methods: BYTES.slice(1), method: 0xff },
  { name: "0 and 2", methods: [0, 2], method: 0 },
  { name: "2 and 0", methods: [2, 0], method: 0 },
  ...BYTES.map((method) => ({
    name: `method ${method} alone`,
    methods: [method],
    method: method === 0 ? 0 : 0xff,
  })),
];

Deno.test("socks5() takes 0 from every list of methods that has it, and answers 05 FF to others", async () => {
  await using proxy = await startTestProxy();
  await Promise.all(METHOD_LISTS.map(async ({ name, methods, method }) => {
    using conn = await proxy.connect();
    await writeAll(conn, [5, methods.length, ...methods]);
    assertBytes(await within(5_000, readExactly(conn, 2)), [5, method], name);
    if (method === 0) await conn.closeWrite();
    assertBytes(await within(5_000, readToEof(conn)), [], name);
  }));
});

/** A list whose first members are all alike. */
function list(length: number, value: number, last: number): number[] {
  return [...new Array<number>(length - 1).fill(value), last];
}
