import { assert, assertEquals, assertMatch } from "@std/assert";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import { makeTestAuthority } from "../support/certificates.ts";
import { eventually } from "../support/dialogue.ts";
import { pooled, startTestForward, upstreamAt } from "../support/forward.ts";
import { startHaproxy } from "../support/haproxy.ts";
import { runOk, startHttp, testPrograms } from "../support/programs.ts";

/** It says what it was told of its client. */
const TELLING = {
  bind: "accept-proxy",
  answer: "%[src] %[src_port] %[dst_port] id=%[fc_pp_unique_id]",
};

const CASES = (["off", "ahead"] as const).flatMap((mode) =>
  [false, true].map((isTls) => ({ mode, isTls }))
);

for (const { isTls, mode } of CASES) {
  const way = isTls ? "before TLS, " : "";
  testPrograms({
    name: `forward() tells HAProxy who the client is, ${way}with pool ${mode}`,
    needs: ["haproxy", "curl"],
    async fn({ haproxy: path, curl }) {
      await using authority = await makeTestAuthority();
      await using haproxy = await startHaproxy(path, {
        ...TELLING,
        tls: isTls ? authority.server : undefined,
      });
      const { start: startTls } = await openUpstreamTls({
        certificates: [],
        authorities: authority.path("ca.crt"),
      }, () => {});
      for (const sendProxy of ["v1", "v2"] as const) {
        await using forward = await startTestForward(
          [upstreamAt(haproxy, { isTls })],
          { ...mode === "off" ? {} : pooled(mode, 2), sendProxy, startTls },
        );
        const { port } = forward.addr;
        const url = `http://127.0.0.1:${port}/`;
        const said = await runOk(curl, [
          "-sS",
          "--interface",
          "127.0.0.2",
          url,
        ]);
        const [event] = await forward.whenEnded(1);
        const from = event!.client.replace(":", " ");
        assertMatch(from, /^127\.0\.0\.2 \d+$/);
        const id = sendProxy === "v1" ? "" : event!.id;
        assertEquals(said, `${from} ${port} id=${id}`);
        if (sendProxy === "v2") assertMatch(id!, /^[0-9a-f]{16}$/);
      }
    },
  });
}

testPrograms({
  name: "forward() checks HAProxy by a header of its own, before TLS",
  needs: ["haproxy"],
  async fn({ haproxy: path }) {
    await using authority = await makeTestAuthority();
    await using haproxy = await startHaproxy(path, {
      ...TELLING,
      tls: authority.server,
    });
    const { start: startTls } = await openUpstreamTls({
      certificates: [],
      authorities: authority.path("ca.crt"),
    }, () => {});
    for (const sendProxy of ["v1", "v2"] as const) {
      let checks = 0;
      await using forward = await startTestForward(
        [upstreamAt(haproxy, { isTls: true })],
        {
          sendProxy,
          health: { fall: 1 },
          balance: { checkInterval: 5 },
          async startTls(connection, peer) {
            const secured = await startTls(connection, peer);
            checks++;
            return secured;
          },
        },
      );
      assert(
        await eventually(() => checks >= 3 || forward.messages.length > 0),
      );
      assertEquals(forward.messages, []);
    }
  },
});

testPrograms({
  name: "forward() serves curl from an HTTP server, with pool ahead",
  needs: ["curl"],
  async fn({ curl }) {
    const page = "x".repeat(200_000);
    await using server = startHttp(async (request) =>
      new Response(request.method === "POST" ? await request.text() : page)
    );
    await using forward = await startTestForward(
      [upstreamAt(server.addr)],
      pooled("ahead", 4),
    );
    await forward.parked(4);
    const url = `http://127.0.0.1:${forward.addr.port}/`;
    for (let n = 0; n < 6; n++) {
      assertEquals(
        await runOk(curl, ["-sS", url, "-o", "-", url]),
        page + page,
      );
    }
    const sent = await runOk(curl, ["-sS", "--data-binary", "@-", url], {
      stdin: page,
    });
    assertEquals(sent, page);
    const events = await forward.whenEnded(7);
    assertEquals(events.filter(({ result }) => result !== "ok"), []);
    assert(forward.figures.hits >= 4, JSON.stringify(forward.figures));
  },
});
