import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertBytes,
  credentials,
  dialogue,
  exchange,
  join,
  refusal,
} from "../../support/dialogue.ts";
import {
  connectRequest,
  GREETING,
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { rulesOf } from "../../support/rules.ts";
import { REJECTED, socks4Request } from "../../support/socks4.ts";
import { closedPort, startEcho, startServer } from "../../support/sockets.ts";

const USERS = [{ name: "alice", password: "secret" }];
const BASIC = `Proxy-Authorization: Basic ${btoa("alice:secret")}\r\n`;
const REFUSED = `127.0.0.1:${closedPort()}`;

function connect(at: string, fields = ""): string {
  return `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n${fields}\r\n`;
}

/** What somebody else would like to be taken for a request of the client's. */
function hidden({ port }: Deno.NetAddr): string {
  const at = `127.0.0.1:${port}`;
  return `GET http://${at}/hidden HTTP/1.1\r\nHost: ${at}\r\n${BASIC}\r\n`;
}

const HTTP: {
  name: string;
  status: number;
  said: string;
  config?: SomeProxyConfig;
}[] = [
  {
    name: "no credentials",
    status: 407,
    said: connect(REFUSED),
    config: { users: USERS },
  },
  {
    name: "no credentials, and a wish to keep the connection",
    status: 407,
    said: connect(REFUSED, "Proxy-Connection: keep-alive\r\n"),
    config: { users: USERS },
  },
  {
    name: "no credentials in HTTP/1.0",
    status: 407,
    said: `CONNECT ${REFUSED} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
    config: { users: USERS },
  },
  {
    name: "wrong credentials",
    status: 407,
    said: connect(
      REFUSED,
      `Proxy-Authorization: Basic ${btoa("alice:wrong")}\r\n`,
    ),
    config: { users: USERS },
  },
  {
    name: "credentials that are not Basic",
    status: 407,
    said: connect(REFUSED, "Proxy-Authorization: Digest x\r\n"),
    config: { users: USERS },
  },
  {
    name: "a rule",
    status: 403,
    said: connect("denied.example:443"),
    config: { rules: { current: rulesOf("deny name denied.example") } },
  },
  {
    name: "a target that refuses",
    status: 502,
    said: connect(REFUSED),
  },
  {
    name: "a body",
    status: 400,
    said: connect(REFUSED, "Content-Length: 5\r\n"),
  },
  {
    name: "a target without a port",
    status: 400,
    said: connect("denied.example"),
  },
];

for (const { name, status, said, config } of HTTP) {
  Deno.test(`http() closes a CONNECT refused with ${status} for ${name}, and serves nothing behind it`, async () => {
    await using origin = startServer(async () => {});
    await using proxy = await startTestProxy(config);
    const text = await exchangeText(proxy, said + hidden(origin.addr));
    assertEquals(text.match(/HTTP\/1\.1 \d{3} /g), [`HTTP/1.1 ${status} `]);
    assertStringIncludes(text, "Connection: close\r\n");
    assertEquals((await proxy.whenEnded(1)).length, 1);
    assertEquals(origin.accepted, 0);
  });
}

Deno.test("http() asks for credentials once more after requests that were served", async () => {
  await using origin = startServer(async () => {});
  await using proxy = await startTestProxy({ users: USERS });
  const said = hidden(origin.addr).replace(BASIC, "") + connect(REFUSED);
  const text = await exchangeText(proxy, said + hidden(origin.addr));
  assertEquals(text.match(/HTTP\/1\.1 \d{3} /g), [
    "HTTP/1.1 407 ",
    "HTTP/1.1 407 ",
  ]);
  assertEquals(text.match(/Connection: .*/g), [
    "Connection: keep-alive",
    "Connection: close",
  ]);
  await proxy.whenEnded(2);
  assertEquals(origin.accepted, 0);
});

const METHOD = [5, 0];
const LOGIN = join([5, 1, 2], credentials("alice", "secret"));
const [HOST, PORT] = REFUSED.split(":") as [string, string];

/** What it says before another whole dialogue, and all that it may get. */
const SOCKS: {
  name: string;
  said: Uint8Array;
  got: Iterable<number>;
  config?: SomeProxyConfig;
}[] = [
  {
    name: "SOCKS5 without an acceptable method",
    said: join(GREETING),
    got: [5, 0xff],
    config: { users: USERS },
  },
  {
    name: "SOCKS5 with a wrong password",
    said: join([5, 1, 2], credentials("alice", "wrong")),
    got: [5, 2, 1, 1],
    config: { users: USERS },
  },
  {
    name: "SOCKS5 to a target that refuses",
    said: dialogue(HOST, Number(PORT)),
    got: join(METHOD, refusal(5)),
  },
  {
    name: "SOCKS5 against a rule, logged in",
    said: join(LOGIN, connectRequest("denied.example", 443)),
    got: join([5, 2, 1, 0], refusal(2)),
    config: {
      users: USERS,
      rules: { current: rulesOf("deny name denied.example") },
    },
  },
  {
    name: "SOCKS5 with an unknown command",
    said: join(GREETING, [5, 9, 0, 1, 127, 0, 0, 1, 0, 80]),
    got: join(METHOD, refusal(7)),
  },
  {
    name: "SOCKS5 with an unknown type of address",
    said: join(GREETING, [5, 1, 0, 9]),
    got: join(METHOD, refusal(8)),
  },
  {
    name: "SOCKS5 BIND to a denied name",
    said: join(GREETING, [5, 2, 0, 3, 1, 0x78, 0, 80]),
    got: join(METHOD, refusal(2)),
    config: { rules: { current: rulesOf("deny name x") } },
  },
  {
    name: "SOCKS5 UDP ASSOCIATE against a rule",
    said: join(GREETING, [5, 3, 0, 1, 0, 0, 0, 0, 0, 0]),
    got: join(METHOD, refusal(2)),
    config: { rules: { current: rulesOf("deny command udp") } },
  },
  {
    name: "SOCKS4 to a target that refuses",
    said: socks4Request(HOST, Number(PORT)),
    got: REJECTED,
  },
  {
    name: "SOCKS4 with users",
    said: socks4Request(HOST, Number(PORT)),
    got: REJECTED,
    config: { users: USERS },
  },
];

for (const { name, said, got, config } of SOCKS) {
  Deno.test(`detect() closes after refusing ${name}, and serves nothing behind it`, async () => {
    await using echo = startEcho();
    const { port } = echo.addr;
    const behind = [
      join(LOGIN, connectRequest("127.0.0.1", port)),
      dialogue("127.0.0.1", port),
      connectRequest("127.0.0.1", port),
      socks4Request("127.0.0.1", port),
      new TextEncoder().encode(hidden(echo.addr)),
    ];
    await using proxy = await startTestProxy(config);
    for (const more of behind) {
      assertBytes(await exchange(proxy, join(said, more)), got);
    }
    const ended = await proxy.whenEnded(behind.length);
    assertEquals(ended.map(({ result }) => result === "ok"), [
      ...behind.map(() => false),
    ]);
    assertEquals(echo.accepted, 0);
  });
}

async function exchangeText(proxy: TestProxy, said: string): Promise<string> {
  const bytes = await exchange(proxy, new TextEncoder().encode(said));
  return new TextDecoder().decode(bytes);
}
