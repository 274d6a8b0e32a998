import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertBytes,
  assertServedAlone,
  exchange,
  HAS_IPV6,
  join,
  nameRequest,
  refusal,
} from "../support/dialogue.ts";
import {
  connectRequest,
  greet,
  GREETING,
  readReply,
  startTestProxy,
} from "../support/proxy.ts";
import {
  closedPort,
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const CONTROLS = [...Array.from({ length: 32 }, (_, n) => n), 127];

/** What is not a name, each with nothing to be dialled behind it. */
const BAD_NAMES: { name: string; bytes: Iterable<number> }[] = [
  { name: "nothing", bytes: [] },
  { name: "NUL alone", bytes: [0] },
  { name: "an address, NUL and more", bytes: text("127.0.0.1\0.example.com") },
  { name: "an address and NUL", bytes: text("127.0.0.1\0") },
  { name: "a name and NUL", bytes: text("localhost\0") },
  { name: "255 zeros", bytes: new Uint8Array(255) },
  { name: "a space", bytes: text("local host") },
  { name: "a line break", bytes: text("localhost\r\nHost: x") },
  { name: "an escape sequence", bytes: text("\x1b[31mlocalhost") },
  { name: "a slash", bytes: text("localhost/x") },
  { name: "a colon", bytes: text("localhost:80") },
  { name: "UTF-8", bytes: text("localhóst") },
  ...CONTROLS.map((control) => ({
    name: `control character ${control}`,
    bytes: [...text("local"), control, ...text("host")],
  })),
  ...Array.from({ length: 128 }, (_, n) => ({
    name: `byte ${n + 128}`,
    bytes: [n + 128],
  })),
];

Deno.test(`socks5() refuses with 1 and never dials for ${BAD_NAMES.length} names that are none`, async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy();
  await Promise.all(BAD_NAMES.map(async ({ name, bytes }) => {
    const request = nameRequest(bytes, echo.addr.port);
    const answer = await exchange(proxy, join(GREETING, request));
    assertBytes(answer, join([5, 0], refusal(1)), name);
  }));
  for (const { result } of await proxy.whenEnded(BAD_NAMES.length)) {
    assertEquals(result, "refused");
  }
  await assertServedAlone(proxy, echo);
});

const GOOD_NAMES: { host: string; listen: string }[] = [
  { host: "localhost", listen: "127.0.0.1" },
  { host: "LOCALHOST", listen: "127.0.0.1" },
  { host: "127.0.0.1", listen: "127.0.0.1" },
  { host: "::1", listen: "::1" },
  { host: "0:0:0:0:0:0:0:1", listen: "::1" },
  { host: "::ffff:127.0.0.1", listen: "127.0.0.1" },
];

for (const { host, listen } of GOOD_NAMES) {
  Deno.test({
    name: `socks5() reaches the target when a name is ${host}`,
    ignore: host.includes(":") && !HAS_IPV6,
    async fn() {
      await using echo = startEcho(listen);
      await using proxy = await startTestProxy();
      using conn = await proxy.connect();
      await greet(conn);
      await writeAll(conn, nameRequest(host, echo.addr.port));
      assertEquals((await within(5_000, readReply(conn))).reply, 0);
      await writeAll(conn, [1, 2, 3]);
      assertBytes(await within(5_000, readExactly(conn, 3)), [1, 2, 3]);
    },
  });
}

const FAILURES: {
  name: string;
  request: () => Uint8Array;
  reply: number;
  why: string;
}[] = [
  {
    name: "a port that refuses",
    request: () => connectRequest("127.0.0.1", closedPort()),
    reply: 5,
    why: "connection refused",
  },
  {
    name: "a port that refuses, by name",
    request: () => nameRequest("localhost", closedPort()),
    reply: 5,
    why: "connection refused",
  },
  {
    name: "a name that does not exist",
    request: () => nameRequest("x.invalid", 80),
    reply: 4,
    why: "does not exist",
  },
  {
    name: "port 0 of an address",
    request: () => connectRequest("127.0.0.1", 0),
    reply: 1,
    why: "port is 0",
  },
  {
    name: "port 0 of a name",
    request: () => nameRequest("localhost", 0),
    reply: 1,
    why: "port is 0",
  },
];

for (const { name, request, reply, why } of FAILURES) {
  Deno.test(`socks5() replies ${reply} and says why when the target is ${name}`, async () => {
    await using proxy = await startTestProxy();
    const answer = await exchange(proxy, join(GREETING, request()));
    assertBytes(answer, join([5, 0], refusal(reply)));
    const [record] = await proxy.whenEnded(1);
    assertEquals(record!.result, "failed");
    assertStringIncludes(record!.reason, why);
    assertEquals(record!.address, undefined);
  });
}

Deno.test({
  name: "socks5() replies 5 when an IPv6 port refuses",
  ignore: !HAS_IPV6,
  async fn() {
    await using proxy = await startTestProxy();
    const request = connectRequest("::1", closedPort());
    const answer = await exchange(proxy, join(GREETING, request));
    assertBytes(answer, join([5, 0], refusal(5)));
  },
});

function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}
