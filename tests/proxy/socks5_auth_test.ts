import { assert, assertEquals } from "@std/assert";
import {
  assertBytes,
  assertServedAlone,
  credentials,
  exchange,
  join,
  readToEof,
} from "../support/dialogue.ts";
import { connectRequest, readReply, startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const LONG_NAME = "n".repeat(255);
const LONG_PASSWORD = "p".repeat(255);

const USERS = [
  { name: "alice", password: "secret" },
  { name: "bob", password: "b" },
  { name: "Zoë", password: "pass:wörd" },
  { name: LONG_NAME, password: LONG_PASSWORD },
];

for (const { name, password } of USERS) {
  Deno.test(`socks5() serves ${name.slice(0, 8)} when the password is right`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy({ users: USERS });
    using conn = await proxy.connect();
    await writeAll(conn, [5, 1, 2]);
    assertBytes(await within(5_000, readExactly(conn, 2)), [5, 2]);
    await writeAll(conn, credentials(name, password));
    assertBytes(await within(5_000, readExactly(conn, 2)), [1, 0]);
    await writeAll(conn, connectRequest("127.0.0.1", echo.addr.port));
    assertEquals((await within(5_000, readReply(conn))).reply, 0);
    await conn.closeWrite();
    assertBytes(await within(5_000, readToEof(conn)), []);
    const [record] = await proxy.whenEnded(1);
    assertEquals([record!.user, record!.result], [name, "ok"]);
  });
}

type Text = string | number[];

const WRONG: { what: string; name: Text; password: Text }[] = [
  { what: "a wrong password", name: "alice", password: "wrong" },
  { what: "a password in another case", name: "alice", password: "Secret" },
  { what: "a password cut short", name: "alice", password: "secre" },
  { what: "a password with more", name: "alice", password: "secrets" },
  { what: "a password and NUL", name: "alice", password: "secret\0" },
  { what: "the password of another", name: "alice", password: "b" },
  { what: "an empty password", name: "alice", password: "" },
  { what: "an empty name", name: "", password: "secret" },
  { what: "an empty name and password", name: "", password: "" },
  { what: "nobody's name", name: "mallory", password: "secret" },
  { what: "a name in another case", name: "Alice", password: "secret" },
  { what: "a name and NUL", name: "alice\0", password: "secret" },
  { what: "a name and a space", name: "alice ", password: "secret" },
  { what: "a property's name", name: "__proto__", password: "secret" },
  { what: "a byte order mark", name: "\uFEFFalice", password: "secret" },
  { what: "bytes that are no UTF-8", name: [0xff, 0xfe], password: [0xff] },
  {
    what: "255 bytes, the last one wrong",
    name: LONG_NAME,
    password: "p".repeat(254) + "q",
  },
  {
    what: "a name of 255 bytes, the last one wrong",
    name: "n".repeat(254) + "m",
    password: LONG_PASSWORD,
  },
];

for (const { what, name, password } of WRONG) {
  Deno.test(`socks5() answers 01 01, closes and never dials for ${what}`, async () => {
    await using echo = startEcho();
    await using proxy = await startTestProxy({ users: USERS });
    const request = connectRequest("127.0.0.1", echo.addr.port);
    const said = join([5, 1, 2], credentials(name, password), request);
    assertBytes(await exchange(proxy, said), [5, 2, 1, 1]);
    const [record] = await proxy.whenEnded(1);
    assertEquals([record!.result, record!.target], ["refused", undefined]);
    await using open = await startTestProxy();
    await assertServedAlone(open, echo);
  });
}

Deno.test("socks5() never lets a password into the log", async () => {
  const password = "correct horse battery staple";
  const events: string[] = [];
  await using proxy = await startTestProxy({
    users: [{ name: "alice", password }],
    log: (event) => events.push(JSON.stringify(event)),
  });
  for (const said of [password, "wrong battery"]) {
    const message = credentials("alice", said);
    await exchange(proxy, join([5, 1, 2], message, new Uint8Array(10)));
  }
  await proxy.whenEnded(2);
  assertEquals(events.length, 2);
  assert(events.every((event) => !event.includes("battery")));
  assert(events.every((event) => event.includes("alice")));
});

const CHOICES: { offered: number[]; chosen: number }[] = [
  { offered: [2], chosen: 2 },
  { offered: [0, 2], chosen: 2 },
  { offered: [2, 0], chosen: 2 },
  { offered: [1, 3, 2, 0x80], chosen: 2 },
  { offered: [0], chosen: 0xff },
  { offered: [0, 1], chosen: 0xff },
  { offered: [0xff], chosen: 0xff },
  { offered: [], chosen: 0xff },
];

for (const { offered, chosen } of CHOICES) {
  Deno.test(`socks5() chooses ${chosen} when there are users and the client offers [${offered}]`, async () => {
    await using proxy = await startTestProxy({ users: USERS });
    {
      using conn = await proxy.connect();
      await writeAll(conn, [5, offered.length, ...offered]);
      assertBytes(await within(5_000, readExactly(conn, 2)), [5, chosen]);
      if (chosen !== 0xff) await conn.closeWrite();
      assertBytes(await within(5_000, readToEof(conn)), []);
    }
    const [record] = await proxy.whenEnded(1);
    assertEquals(record!.result, chosen === 0xff ? "refused" : "dropped");
  });
}

Deno.test("socks5() does not dial for a client that continues after 05 FF", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ users: USERS });
  const request = connectRequest("127.0.0.1", echo.addr.port);
  assertBytes(await exchange(proxy, join([5, 1, 0], request)), [5, 0xff]);
  await using open = await startTestProxy();
  await assertServedAlone(open, echo);
});
