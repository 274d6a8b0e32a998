import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  type Bytes,
  readToEof,
  refusal,
  roundTrip,
} from "../support/dialogue.ts";
import { GREETING, startTestProxy, type TestProxy } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";
import vectors from "../vectors/socks5.json" with { type: "json" };

/** States that a connection can be in, by what brings it there. */
const SETUP: Record<string, { say: number[]; hear: number[]; users: boolean }> =
  {
    "none": { say: [], hear: [], users: false },
    "auth": { say: [5, 1, 2], hear: [5, 2], users: true },
    "ready": { say: GREETING, hear: [5, 0], users: false },
    "noauth-ready": { say: GREETING, hear: [5, 0], users: false },
  };

const USERS = [{ name: "someone", password: "else" }];

/** What a server may answer, and then has to close. */
const EXPECT: Record<string, (answer: Bytes, setup: string) => void> = {
  "refuse": assertRefused,
  "refuse4": assertRefused,
  "rep07": (answer) => assertBytes(answer, refusal(7)),
  "rep08": (answer) => assertBytes(answer, refusal(8)),
  "05ff": (answer) => assertBytes(answer, [5, 0xff]),
  "authfail": (answer) => {
    if (answer.length === 0) return;
    assertEquals([answer.length, answer[0], answer[1] === 0], [2, 1, false]);
  },
};

for (const { src, name, setup, hex, expect } of vectors) {
  const { users } = SETUP[setup]!;
  const bytes = Uint8Array.fromHex(hex);

  Deno.test(`socks5() does ${expect} for ${name} (${src})`, async () => {
    await using proxy = await startTestProxy({
      protocols: ["socks5"],
      ...(users ? { users: USERS } : {}),
    });
    if (expect === "prefixes") await assertPrefixesWait(proxy, setup, bytes);
    else if (expect === "method") await assertMethod(proxy, setup, bytes);
    else {
      const check = EXPECT[expect];
      assert(check !== undefined, `nobody knows what ${expect} is`);
      using conn = await open(proxy, setup);
      await writeAll(conn, bytes);
      check(await within(5_000, readToEof(conn)), setup);
    }
  });
}

/** Brings a connection into a state. */
async function open(proxy: TestProxy, setup: string): Promise<Deno.TcpConn> {
  const { say, hear } = SETUP[setup]!;
  const conn = await proxy.connect();
  await writeAll(conn, say);
  assertBytes(await within(5_000, readExactly(conn, hear.length)), hear);
  return conn;
}

/** Nothing at all before the greeting, the whole ten bytes after it. */
function assertRefused(answer: Bytes, setup: string): void {
  if (setup !== "none") {
    assertEquals(answer.length, 10);
    assert(answer[1]! >= 1 && answer[1]! <= 8, `REP is ${answer[1]}`);
    assertBytes(answer, refusal(answer[1]!));
  } else if (answer.length > 0) assertBytes(answer, [5, 0xff]);
}

async function assertMethod(
  proxy: TestProxy,
  setup: string,
  bytes: Uint8Array,
): Promise<void> {
  using conn = await open(proxy, setup);
  await writeAll(conn, bytes);
  assertBytes(await within(5_000, readExactly(conn, 2)), [5, 0]);
  await conn.closeWrite();
  assertBytes(await within(5_000, readToEof(conn)), []);
}

/** Each on a connection of its own, all at the same time. */
async function assertPrefixesWait(
  proxy: TestProxy,
  setup: string,
  bytes: Uint8Array,
): Promise<void> {
  await using echo = startEcho();
  await using other = await startTestProxy();
  const lengths = bytes.keys().drop(1).toArray();
  let answered = 0;
  const clients = await Promise.all(lengths.map(() => open(proxy, setup)));
  try {
    const answers = clients.map(async (client, n) => {
      await writeAll(client, bytes.subarray(0, lengths[n]));
      const answer = await readToEof(client);
      answered++;
      return answer;
    });
    await roundTrip(other, echo);
    await roundTrip(other, echo);
    assertEquals(answered, 0, "closed without waiting for the rest");
    await Promise.all(clients.map((client) => client.closeWrite()));
    for (const [n, answer] of answers.entries()) {
      assertBytes(await within(5_000, answer), [], `${lengths[n]} bytes`);
    }
  } finally {
    for (const client of clients) client.close();
  }
  for (const { result } of await proxy.whenEnded(lengths.length)) {
    assertEquals(result, "dropped");
  }
}
