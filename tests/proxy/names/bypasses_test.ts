import { assert, assertEquals } from "@std/assert";
import type { NameSource } from "../../../lib/net/names/answer.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";
import { BIND_FORMS, startBind } from "../../support/bind.ts";
import { type Bytes, join, nameRequest } from "../../support/dialogue.ts";
import {
  connectRequest,
  GREETING,
  startTestProxy,
  type TestProxy,
} from "../../support/proxy.ts";
import { rulesOf } from "../../support/rules.ts";
import {
  readToEnd,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";
import { askAssociation } from "../../support/udp.ts";
import { GOOD, HOSTS, TUNNELS } from "./bypasses.ts";

const decoder = new TextDecoder("latin1");

/** Every name leads to the one target: only rules and names are in the way. */
const SOURCE: NameSource = {
  lookup: () =>
    Promise.resolve({
      addresses: [parseIpAddress("127.0.0.1")!],
      exists: true,
      life: 0,
    }),
};

function startTarget() {
  const state = { received: "" };
  const server = startServer(async (conn) => {
    const buffer = new Uint8Array(16 * 1024);
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) break;
      state.received += decoder.decode(buffer.subarray(0, count));
      await writeAll(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  return Object.assign(server, { state });
}

function startStrict(port: number): Promise<TestProxy> {
  const where = `port ${port} to loopback`;
  return startTestProxy({
    listen: [{ host: "0.0.0.0", port: 0 }],
    open: true,
    checkNames: "require",
    names: { source: SOURCE, cacheSize: 0 },
    rules: {
      current: rulesOf(
        `allow name api.test,*.pkg.test ${where}\ndefault deny`,
      ),
    },
  });
}

/** Says all of it at once, and reads to the end. */
async function say(proxy: TestProxy, ...parts: Bytes[]): Promise<string> {
  using conn = await Deno.connect({
    hostname: "127.0.0.1",
    port: proxy.addr.port,
  });
  const reading = readToEnd(conn);
  try {
    await writeAll(conn, join(...parts));
    await conn.closeWrite();
  } catch {
    // It was refused meanwhile.
  }
  return decoder.decode(await within(10_000, reading));
}

function text(lines: string): Bytes {
  return new TextEncoder().encode(lines) as Bytes;
}

Deno.test("the table has more than 64 ways around the rules", () => {
  assert(HOSTS.length + TUNNELS.length > 64);
  const isEvil = (first: Bytes) =>
    decoder.decode(first).toLowerCase().replaceAll(/[^a-z]/g, "")
      .includes("evil");
  for (const [what, first] of TUNNELS) assert(isEvil(first), what);
});

Deno.test("no host that the rules do not name is reached, however it is written", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  await using proxy = await startStrict(port);
  for (const host of HOSTS) {
    const authority = `${host.includes("::") ? `[${host}]` : host}:${port}`;
    const isAddress = parseIpAddress(host) !== undefined;
    const dialogues = [
      join(GREETING, nameRequest(host, port), text("evil")),
      ...isAddress
        ? [join(GREETING, connectRequest(host, port), text("evil"))]
        : [],
      text(`CONNECT ${authority} HTTP/1.1\r\nHost: api.test\r\n\r\nevil`),
      text(`GET http://${authority}/evil HTTP/1.1\r\nHost: api.test\r\n\r\n`),
    ];
    for (const dialogue of dialogues) {
      const before = proxy.ended.length;
      const said = await say(proxy, dialogue);
      assert(!said.includes("HTTP/1.1 200"), `${host}: ${said}`);
      assert(!said.startsWith("\x05\x00\x05\x00"), host);
      await within(5_000, proxy.whenEnded(before + 1));
    }
  }
  assertEquals(target.state.received, "");
  assertEquals(target.accepted, 0);
});

Deno.test("nothing that is for another host passes through a tunnel to an allowed one", async () => {
  await using target = startTarget();
  const { port } = target.addr;
  await using proxy = await startStrict(port);
  for (const [what, first] of TUNNELS) {
    const before = proxy.ended.length;
    await say(proxy, join(GREETING, nameRequest("api.test", port)), first);
    await within(5_000, proxy.whenEnded(before + 1));
    const { received } = target.state;
    assert(!/evil/i.test(received), `${what}: ${JSON.stringify(received)}`);
  }
});

for (const [what, first] of GOOD) {
  Deno.test(`a tunnel to an allowed host with ${what} is served`, async () => {
    await using target = startTarget();
    const { port } = target.addr;
    await using proxy = await startStrict(port);
    const said = await say(
      proxy,
      join(GREETING, nameRequest("api.test", port)),
      first,
    );
    assert(said.includes("HTTP/1.1 200"), said);
  });
}

Deno.test("neither UDP nor BIND goes around the names", async () => {
  await using proxy = await startTestProxy({
    checkNames: "require",
    rules: { current: rulesOf("allow") },
  });
  for (const form of BIND_FORMS) {
    await startBind(proxy, form).then(
      () => assert(false, "BIND was served"),
      () => {},
    );
  }
  await within(5_000, proxy.whenEnded(2));
  using control = await Deno.connect({
    hostname: "127.0.0.1",
    port: proxy.addr.port,
  });
  const { reply } = await askAssociation(control);
  assertEquals(reply, 2);
  await within(5_000, proxy.whenEnded(3));
  assertEquals(
    proxy.ended.map(({ reason }) => reason),
    ["bind", "bind", "udp"].map((command) =>
      `name-mismatch: ${command} shows no name, and no rule allows it with 'any-protocol'`
    ),
  );
});
