import { assert, assertEquals } from "@std/assert";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { parseIpRange } from "../../lib/wire/ip_range.ts";
import type { ProxyEndpoints } from "../../lib/wire/proxy/endpoints.ts";
import { encodeProxyV1 } from "../../lib/wire/proxy/v1.ts";
import { encodeProxyV2 } from "../../lib/wire/proxy/v2.ts";
import { assertBytes, dialogue, join, readToEof } from "../support/dialogue.ts";
import { startTestProxy } from "../support/proxy.ts";
import {
  readExactly,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

const LOOPBACK = [parseIpRange("127.0.0.0/8")];
const REQUIRED = { isRequired: true, from: LOOPBACK };
const OPTIONAL = { isRequired: false, from: LOOPBACK };

const ENDS: ProxyEndpoints = {
  source: { ip: parseIpAddress("192.0.2.7")!, port: 4711 },
  destination: { ip: parseIpAddress("198.51.100.1")!, port: 1080 },
};

const HEADERS = {
  v1: encodeProxyV1(ENDS),
  v2: encodeProxyV2(ENDS, { authority: "proxy.example" }),
};

Deno.test("behindProxy() takes the client from the header, for the log and the limits", async () => {
  await using echo = startEcho();
  for (const header of Object.values(HEADERS)) {
    await using proxy = await startTestProxy({
      acceptProxy: REQUIRED,
      maxConnectionsPerClient: 1,
    });
    using conn = await proxy.connect();
    const asked = dialogue("127.0.0.1", echo.addr.port);
    await writeAll(conn, join(header, asked, [1, 2, 3]));
    await within(5_000, readExactly(conn, 2 + 10));
    assertBytes(await within(5_000, readExactly(conn, 3)), [1, 2, 3]);
    // The second of the same client is one too many, one of another is not.
    const second = await proxy.connect();
    await writeAll(second, join(header, asked));
    const refusal = await within(5_000, readToEof(second));
    assertEquals(refusal[3], 1);
    using other = await proxy.connect();
    const source = { ip: parseIpAddress("192.0.2.8")!, port: 1 };
    await writeAll(other, join(encodeProxyV1({ ...ENDS, source }), asked));
    assertEquals((await within(5_000, readExactly(other, 12)))[3], 0);
    conn.close();
    second.close();
    const all = await proxy.whenEnded(2);
    for (const { client } of all) assertEquals(client, "192.0.2.7:4711");
    const results = all.map(({ result, sent }) => `${result} ${sent}`).sort();
    assertEquals(results, ["ok 3", "refused 0"]);
  }
});

Deno.test("behindProxy() takes headers in whatever pieces they come", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ acceptProxy: REQUIRED });
  for (const header of Object.values(HEADERS)) {
    const whole = join(header, dialogue("127.0.0.1", echo.addr.port), [7]);
    await Promise.all(
      Array.from({ length: header.length + 1 }, async (_, cut) => {
        using conn = await proxy.connect();
        await writeAll(conn, whole.subarray(0, cut));
        await writeAll(conn, whole.subarray(cut));
        const answer = await within(5_000, readExactly(conn, 2 + 10 + 1));
        assertEquals([answer[3], answer[12]], [0, 7], `cut at ${cut}`);
      }),
    );
  }
});

Deno.test("behindProxy() keeps the connection's own client if the header names none", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ acceptProxy: REQUIRED });
  for (const header of [encodeProxyV1(undefined), encodeProxyV2(undefined)]) {
    using conn = await proxy.connect();
    await writeAll(conn, join(header, dialogue("127.0.0.1", echo.addr.port)));
    assertEquals((await within(5_000, readExactly(conn, 12)))[3], 0);
  }
  const ended = await proxy.whenEnded(2);
  for (const { client } of ended) assert(client.startsWith("127.0.0.1:"));
});

Deno.test("behindProxy() serves clients without an optional header, and loses none of their bytes", async () => {
  await using echo = startEcho();
  await using proxy = await startTestProxy({ acceptProxy: OPTIONAL });
  using socks = await proxy.connect();
  await writeAll(socks, dialogue("127.0.0.1", echo.addr.port));
  assertEquals((await within(5_000, readExactly(socks, 12)))[3], 0);
  // What begins as a header of version 1 or 2 does.
  const methods = ["P", "PUT", "PROPFIND", "PROXYX", "\r\nGET", "\r\n\r\nGET"];
  for (const method of methods) {
    using http = await proxy.connect();
    await writeAll(http, `${method} nonsense HTTP/1.1\r\nHost: a\r\n\r\n`);
    const answer = new TextDecoder().decode(
      await within(5_000, readToEof(http)),
    );
    assert(answer.startsWith("HTTP/1.1 400 "), answer);
  }
});

Deno.test("behindProxy() refuses clients without a required header", async () => {
  await using proxy = await startTestProxy({ acceptProxy: REQUIRED });
  for (const bytes of [[5, 1, 0], "GET / HTTP/1.1\r\n\r\n", "PROPFIND"]) {
    using conn = await proxy.connect();
    await writeAll(conn, bytes);
    assertBytes(await within(5_000, readToEof(conn)), []);
  }
  for (const { result, reason } of await proxy.whenEnded(3)) {
    assertEquals(result, "refused");
    assertEquals(
      reason,
      "Cannot read PROXY header: it is missing",
    );
  }
});

Deno.test("behindProxy() accepts headers only from the configured senders", async () => {
  await using echo = startEcho();
  const from = [parseIpRange("192.0.2.0/24"), parseIpRange("::1/128")];
  {
    await using proxy = await startTestProxy({
      acceptProxy: { isRequired: true, from },
    });
    using conn = await proxy.connect();
    await writeAll(conn, HEADERS.v1);
    assertBytes(await within(5_000, readToEof(conn)), []);
    const [ended] = await proxy.whenEnded(1);
    assert(ended!.client.startsWith("127.0.0.1:"));
    assert(
      ended!.reason.includes("may not send a PROXY header"),
      ended!.reason,
    );
  }
  {
    await using proxy = await startTestProxy({
      acceptProxy: { isRequired: false, from },
    });
    // A header of a stranger is what it looks like: a broken HTTP request.
    using liar = await proxy.connect();
    await writeAll(liar, join(HEADERS.v1, [13, 10]));
    const answer = new TextDecoder().decode(
      await within(5_000, readToEof(liar)),
    );
    assert(answer.startsWith("HTTP/1.1 400 "), answer);
    using conn = await proxy.connect();
    await writeAll(conn, dialogue("127.0.0.1", echo.addr.port));
    assertEquals((await within(5_000, readExactly(conn, 12)))[3], 0);
  }
});

Deno.test("behindProxy() gives the header no more time than a handshake has", async () => {
  await using proxy = await startTestProxy({
    acceptProxy: REQUIRED,
    timeouts: { handshake: 50 },
  });
  for (const bytes of [HEADERS.v1, HEADERS.v2]) {
    using conn = await proxy.connect();
    await writeAll(conn, bytes.subarray(0, 10));
    assertBytes(await within(5_000, readToEof(conn)), []);
  }
  for (const { result } of await proxy.whenEnded(2)) {
    assertEquals(result, "dropped");
  }
});

Deno.test("behindProxy() refuses malformed headers in time, with the reason in the log", async () => {
  await using proxy = await startTestProxy({ acceptProxy: REQUIRED });
  const cases: [Uint8Array | string, string][] = [
    ["PROXY TCP4 1.2.3.4\r\n", "not have two addresses"],
    [`PROXY UNKNOWN ${"x".repeat(120)}`, "more than 107 bytes"],
    [HEADERS.v2.with(12, 0x31), "version and command"],
    [HEADERS.v2.with(14, 0xff), "is more than 4096"],
  ];
  for (const [bytes] of cases) {
    using conn = await proxy.connect();
    await writeAll(conn, bytes);
    assertBytes(await within(5_000, readToEof(conn)), []);
  }
  const reasons = (await proxy.whenEnded(cases.length))
    .map(({ reason }) => reason);
  for (const [, why] of cases) {
    assert(reasons.some((reason) => reason.includes(why)), why);
  }
});
