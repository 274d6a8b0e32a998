import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseParent } from "../../../lib/wire/parent_url.ts";
import { SOCKS4, SOCKS5 } from "../../support/bind.ts";
import {
  assertBytes,
  type Bytes,
  exchange,
  join,
  nameRequest,
  refusal,
} from "../../support/dialogue.ts";
import {
  GREETING,
  type SomeProxyConfig,
  startTestProxy,
} from "../../support/proxy.ts";
import { answering, rulesOf } from "../../support/rules.ts";
import { REJECTED, socks4Request } from "../../support/socks4.ts";
import {
  endAssociation,
  openAssociation,
  startUdp,
} from "../../support/udp.ts";

const LONG_LABEL = `${"a".repeat(64)}.example`;
const LONG_NAME = "a.".repeat(127) + "a";

/** Names that cannot exist, and what the log says of them. */
const NAMES: [name: string, why: string][] = [
  [
    LONG_LABEL,
    "such a name cannot exist: a label has 64 characters, more than 63",
  ],
  [
    LONG_NAME,
    "such a name cannot exist: name has 255 characters, more than 253",
  ],
  ["a..b", "such a name cannot exist: name has an empty label"],
  [".a", "such a name cannot exist: name has an empty label"],
];

/** How it is asked for, and what comes back for an HTTP status and a `REP`. */
interface Form {
  name: string;
  say: (name: string) => Bytes;
  check: (answer: Bytes, reply: number, status: number) => void;
}

function http(line: (name: string) => string): Pick<Form, "say" | "check"> {
  return {
    say: (name) =>
      new TextEncoder().encode(`${line(name)} HTTP/1.1\r\nHost: x\r\n\r\n`),
    check: (answer, _, status) =>
      assertStringIncludes(
        new TextDecoder().decode(answer),
        `HTTP/1.1 ${status} `,
      ),
  };
}

const FORMS: Form[] = [
  {
    name: "SOCKS5",
    say: (name) => join(GREETING, nameRequest(name, 80)),
    check: (answer, reply) => assertBytes(answer, join([5, 0], refusal(reply))),
  },
  {
    name: "SOCKS4a",
    say: (name) => socks4Request(name, 80),
    check: (answer) => assertBytes(answer, REJECTED),
  },
  { name: "CONNECT", ...http((name) => `CONNECT ${name}:80`) },
  { name: "GET", ...http((name) => `GET http://${name}/`) },
];

const BINDS: Form[] = [SOCKS5, SOCKS4].map(({ name, say, hear, refusal }) => ({
  name: `BIND of ${name}`,
  say: (host) => say(host, 20),
  check: (answer, reply) => assertBytes(answer, join(hear, refusal(reply))),
}));

async function ask(
  { check, say }: Form,
  name: string,
  config: SomeProxyConfig,
  { reply = 4, status = 502 } = {},
) {
  await using proxy = await startTestProxy(config);
  check(await exchange(proxy, say(name)), reply, status);
  const [record] = await proxy.whenEnded(1);
  return record!;
}

for (const form of [...FORMS, ...BINDS]) {
  Deno.test(`openTarget() says of a name that cannot exist that it does not, asked by ${form.name}`, async () => {
    for (const [name, why] of NAMES) {
      const { asked, names } = answering(["127.0.0.1"]);
      const { reason, result, target } = await ask(form, name, { names });
      assertEquals(result, "failed");
      assertStringIncludes(reason, why);
      assert(target!.startsWith(`${name}:`), target);
      assertEquals(asked, []);
    }
  });
}

for (const form of FORMS) {
  Deno.test(`openTarget() asks no parent for a name that cannot exist, asked by ${form.name}`, async () => {
    for (const scheme of ["socks5h", "socks4a", "http", "socks5"]) {
      await using parent = await startTestProxy();
      const url = `${scheme}://127.0.0.1:${parent.addr.port}`;
      const parents = { via: [[parseParent(url)]] };
      const { reason } = await ask(form, LONG_LABEL, { parents });
      assertStringIncludes(reason, "such a name cannot exist", scheme);
      assertEquals(parent.proxy.connections, 0);
      assertEquals(parent.ended, []);
    }
  });

  Deno.test(`openTarget() puts a name that cannot exist to the rules first, asked by ${form.name}`, async () => {
    const rules = { current: rulesOf("deny name *.example") };
    const want = { reply: 2, status: 403 };
    const { result, rule } = await ask(form, LONG_LABEL, { rules }, want);
    assertEquals([result, rule !== undefined], ["refused", true]);
  });
}

Deno.test("openTarget() keeps the record of a name short that fills a start line", async () => {
  const name = "a.".repeat(3_000) + "a";
  const { reason, target } = await ask(FORMS[3]!, name, {});
  assertStringIncludes(reason, "name has 6001 characters, more than 253");
  assert(reason.length + target!.length < 500);
});

Deno.test("UdpRelay drops and counts datagrams for names that cannot exist", async () => {
  await using echo = startUdp();
  const { asked, names } = answering(["127.0.0.1"]);
  await using proxy = await startTestProxy({ names });
  using client = await openAssociation(proxy);
  const { port } = echo.addr;
  for (const [hostname] of NAMES) {
    await client.send(Uint8Array.of(1), { hostname, port });
  }
  await client.send(Uint8Array.of(2), { hostname: "a.example", port });
  assertBytes((await client.receive()).payload, [2]);
  const { datagrams } = await endAssociation(proxy, client);
  assertEquals(datagrams, { sent: 1, received: 1, dropped: NAMES.length });
  assertEquals(asked, ["a.example"]);
});
