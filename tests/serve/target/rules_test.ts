import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type RuleBook, Rules } from "../../../lib/policy/rules/rules.ts";
import {
  assertBytes,
  type Bytes,
  credentials,
  exchange,
  join,
  nameRequest,
  refusal,
} from "../../support/dialogue.ts";
import {
  connectRequest,
  GREETING,
  openTunnel,
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import { REJECTED, socks4Request } from "../../support/socks4.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** A listener that others than this machine can reach. */
const PUBLIC = { listen: [{ host: "0.0.0.0", port: 0 }], open: true };

/** How a target is asked for, and what a refusal looks like. */
interface Form {
  name: string;
  say: (host: string, port: number) => Bytes;
  assertRefused: (answer: Bytes, reason: string) => void;
  /** What comes first where the target is reached. */
  success: string;
}

function isHttpRefusal(answer: Bytes, reason: string): void {
  const text = decoder.decode(answer);
  assertStringIncludes(text, "HTTP/1.1 403 Forbidden\r\n");
  assert(text.endsWith(`\r\n\r\n${reason}\n`), text);
}

const FORMS: readonly Form[] = [
  {
    name: "SOCKS5",
    say: (host, port) => join(GREETING, connectRequest(host, port)),
    assertRefused: (answer) => assertBytes(answer, join([5, 0], refusal(2))),
    success: "\x05\x00\x05\x00",
  },
  {
    name: "SOCKS5 with the address as a name",
    say: (host, port) => join(GREETING, nameRequest(host, port)),
    assertRefused: (answer) => assertBytes(answer, join([5, 0], refusal(2))),
    success: "\x05\x00\x05\x00",
  },
  {
    name: "SOCKS4",
    say: (host, port) => socks4Request(host, port),
    assertRefused: (answer) => assertBytes(answer, REJECTED),
    success: "\x00\x5a",
  },
  {
    name: "CONNECT",
    say: (host, port) =>
      encoder.encode(
        `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`,
      ),
    assertRefused: isHttpRefusal,
    success: "HTTP/1.1 200",
  },
  {
    name: "HTTP",
    say: (host, port) =>
      encoder.encode(
        `GET http://${host}:${port}/ HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`,
      ),
    assertRefused: isHttpRefusal,
    success: "HTTP/1.1 200",
  },
];

/** Rules, what is asked for, which rule refuses it and in what words. */
const REFUSED: readonly (readonly [
  rules: string,
  host: string,
  rule: string,
  reason: string,
  lookups: number,
])[] = [
  [
    "trackers: deny name .ads.test",
    "WWW.Ads.TEST",
    "trackers",
    "Denied by rule trackers",
    0,
  ],
  ["deny to loopback", "127.0.0.1", "--rule 1", "Denied by rule --rule 1", 0],
  ["x: deny to loopback", "a.test", "x", "Denied by rule x", 1],
  [
    "x: allow name b.test\ndefault deny",
    "a.test",
    "default",
    "Denied by default: no rule allows it",
    0,
  ],
  [
    "x: allow name b.test\ndefault deny",
    "127.0.0.1",
    "default",
    "Denied by default: no rule allows it",
    0,
  ],
];

for (const form of FORMS) {
  Deno.test(`rules refuse and say which rule decided with ${form.name}`, async () => {
    await using target = startServer(answerHttp);
    for (const [lines, host, rule, reason, lookups] of REFUSED) {
      const answers = answering(["127.0.0.1"]);
      await using proxy = await startRuled(lines, { names: answers.names });
      const answer = await exchange(proxy, form.say(host, target.addr.port));
      form.assertRefused(answer, reason);
      const [record] = await within(5_000, proxy.whenEnded(1));
      assertEquals(
        [record!.result, record!.reason, record!.rule, record!.address],
        ["refused", reason, rule, undefined],
      );
      assertEquals(answers.asked.length, lookups, `${lines} ${host}`);
    }
    assertEquals(target.accepted, 0);
  });

  Deno.test(`rules let through and name the rule with ${form.name}`, async () => {
    await using target = startServer(answerHttp);
    const rules = "loop: allow to 127.0.0.1\ndefault deny";
    const answers = answering(["127.0.0.1"]);
    await using proxy = await startRuled(rules, { names: answers.names });
    for (const host of ["127.0.0.1", "a.test"]) {
      using conn = await proxy.connect();
      await writeAll(conn, form.say(host, target.addr.port));
      await assertSuccess(conn, form);
    }
    const records = await within(5_000, proxy.whenEnded(2));
    assertEquals(records.map(({ rule }) => rule), ["loop", "loop"]);
  });

  Deno.test(`rules dial what they have checked when the name changes its address with ${form.name}`, async () => {
    await using target = startServer(answerHttp);
    await using trap = startServer(answerHttp, "127.0.0.2", target.addr.port);
    // The second answer is for whoever resolves again to dial.
    const answers = answering(["127.0.0.1"], ["127.0.0.2"]);
    await using proxy = await startRuled("x: deny to 127.0.0.2", {
      names: answers.names,
    });
    using conn = await proxy.connect();
    await writeAll(conn, form.say("a.test", target.addr.port));
    await assertSuccess(conn, form);
    assertEquals(answers.asked, ["a.test"]);
    const answer = await exchange(proxy, form.say("a.test", target.addr.port));
    form.assertRefused(answer, "Denied by rule x");
    assertEquals([target.accepted, trap.accepted], [1, 0]);
  });

  Deno.test(`rules pass over the private address of a name that has a public one too with ${form.name}`, async () => {
    await using target = startServer(answerHttp);
    await using trap = startServer(answerHttp, "127.0.0.2", target.addr.port);
    const answers = answering(["127.0.0.2", "10.0.0.1", "127.0.0.1", "::1"]);
    await using proxy = await startRuled("x: allow to 127.0.0.1", {
      ...PUBLIC,
      names: answers.names,
    });
    const conn = await Deno.connect({ port: proxy.addr.port });
    await writeAll(conn, form.say("a.test", target.addr.port));
    await assertSuccess(conn, form);
    assertEquals([target.accepted, trap.accepted], [1, 0]);
    conn.close();
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals(record!.address, `127.0.0.1:${target.addr.port}`);
  });
}

Deno.test("rules distinguish a user who logged in from a claimed name", async () => {
  await using echo = startEcho();
  const { port } = echo.addr;
  const users = ["ann", "bob"].map((name) => ({ name, password: "x" }));
  const rules = "a: allow user ann\ndefault deny";
  await using proxy = await startRuled(rules, { users });
  const request = connectRequest("127.0.0.1", port);
  const say = (name: string) =>
    join([5, 1, 2], credentials(name, "x"), request);
  assertBytes(
    await exchange(proxy, say("bob")),
    join([5, 2, 1, 0], refusal(2)),
  );
  using conn = await proxy.connect();
  await writeAll(conn, say("ann"));
  const answer = await within(5_000, readExactly(conn, 6));
  assertBytes(answer, [5, 2, 1, 0, 5, 0]);
  // SOCKS4 has a name without a password: it is nobody's.
  await using open = await startRuled(rules);
  const said = socks4Request("127.0.0.1", port, { userId: "ann" });
  assertBytes(await exchange(open, said), REJECTED);
});

Deno.test("rules are asked about each request, also with an open origin connection", async () => {
  await using target = startServer(answerHttp);
  const { port } = target.addr;
  const book: RuleBook = { current: rulesOf("x: allow") };
  const answers = answering(["127.0.0.1"]);
  await using proxy = await startTestProxy({
    rules: book,
    names: answers.names,
  });
  const conn = await proxy.connect();
  const head =
    `http://a.test:${port}/ HTTP/1.1\r\nHost: a.test:${port}\r\n\r\n`;
  const ask = async () => {
    await writeAll(conn, `GET ${head}`);
    return await readAnswer(conn);
  };
  assertStringIncludes(await ask(), "HTTP/1.1 200");
  assertStringIncludes(await ask(), "HTTP/1.1 200");
  book.current = rulesOf("now: deny command http name a.test");
  await writeAll(conn, `GET ${head}`);
  const last = decoder.decode(await within(5_000, readToEnd(conn)));
  assertStringIncludes(last, "HTTP/1.1 403");
  assertStringIncludes(last, "Denied by rule now");
  conn.close();
  assertEquals(target.accepted, 1);
  const records = await within(5_000, proxy.whenEnded(3));
  assertEquals(records.map(({ rule }) => rule), ["x", "x", "now"]);
});

Deno.test("rules that forbid the address of an idle origin connection leave the other ones", async () => {
  await using target = startServer(answerHttp);
  const { port } = target.addr;
  await using other = startServer(answerHttp, "127.0.0.2", port);
  const book: RuleBook = { current: new Rules() };
  const answers = answering(["127.0.0.1", "127.0.0.2"]);
  await using proxy = await startTestProxy({
    rules: book,
    names: answers.names,
  });
  using conn = await proxy.connect();
  for (const lines of ["deny to 127.0.0.2", "deny to 127.0.0.1"]) {
    book.current = rulesOf(lines);
    await writeAll(
      conn,
      `GET http://a.test:${port}/ HTTP/1.1\r\nHost: a.test:${port}\r\n\r\n`,
    );
    assertStringIncludes(await readAnswer(conn), "HTTP/1.1 200");
  }
  assertEquals([target.accepted, other.accepted], [1, 1]);
});

Deno.test("rules distinguish a request without CONNECT from a tunnel", async () => {
  await using target = startServer(answerHttp);
  const { port } = target.addr;
  await using proxy = await startRuled("x: deny command connect");
  for (const form of FORMS.slice(-2)) {
    const answer = await exchange(proxy, form.say("127.0.0.1", port));
    const isHttp = form.name === "HTTP";
    assertStringIncludes(decoder.decode(answer), isHttp ? " 200 " : " 403 ");
  }
});

Deno.test("rules can be replaced 50 times under 200 tunnels without one being dropped", async () => {
  await using echo = startEcho();
  const book: RuleBook = { current: new Rules() };
  await using proxy = await startTestProxy({ rules: book });
  const tunnels = await Promise.all(
    Array.from({ length: 200 }, () => openTunnel(proxy, echo.addr)),
  );
  try {
    for (let n = 0; n < 50; n++) {
      book.current = rulesOf(`round${n}: deny to loopback`);
      const some = tunnels.filter((_, index) => index % 10 === n % 10);
      await Promise.all(some.map(async (conn) => {
        await writeAll(conn, [n]);
        assertBytes(await within(5_000, readExactly(conn, 1)), [n]);
      }));
    }
    const answer = await exchange(
      proxy,
      FORMS[0]!.say("127.0.0.1", echo.addr.port),
    );
    FORMS[0]!.assertRefused(answer, "");
    const ended = await within(5_000, proxy.whenEnded(1));
    assertEquals(ended.map(({ rule }) => rule), ["round49"]);
  } finally {
    for (const conn of tunnels) conn.close();
  }
});

function startRuled(
  lines: string,
  config: SomeProxyConfig = {},
): Promise<TestProxy> {
  return startTestProxy({ ...config, rules: { current: rulesOf(lines) } });
}

/** Answers each head with a small page. */
async function answerHttp(conn: Deno.TcpConn): Promise<void> {
  while (true) {
    await readHead(conn);
    await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
}

async function readAnswer(conn: Deno.Conn): Promise<string> {
  const head = await within(5_000, readHead(conn));
  await within(5_000, readExactly(conn, 2));
  return head;
}

async function readHead(conn: Deno.Conn): Promise<string> {
  let text = "";
  while (!text.endsWith("\r\n\r\n")) {
    text += decoder.decode(await readExactly(conn, 1));
  }
  return text;
}

async function assertSuccess(conn: Deno.Conn, form: Form): Promise<void> {
  const { success } = form;
  const bytes = await within(5_000, readExactly(conn, success.length));
  assertEquals(decoder.decode(bytes), success);
}
