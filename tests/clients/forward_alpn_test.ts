import { assertEquals, assertStringIncludes } from "@std/assert";
import type { AgreedProtocols } from "../../lib/serve/options/alpn.ts";
import { openTls } from "../../lib/serve/tls/open.ts";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import {
  makeTestAuthority,
  type TestAuthority,
} from "../support/certificates.ts";
import {
  pooled,
  type SomeForwardConfig,
  startTestForward,
  upstreamAt,
} from "../support/forward.ts";
import { startHaproxy } from "../support/haproxy.ts";
import { run, runOk, testPrograms } from "../support/programs.ts";
import { serverTls } from "../support/tls_proxy.ts";

const ANSWER = "HTTP/%[req.ver] by %[ssl_fc_alpn]";

/** Both sides' TLS of a relay that agrees on protocols. */
async function agreeing(
  authority: TestAuthority,
  protocols: AgreedProtocols,
): Promise<SomeForwardConfig> {
  const { tls } = await openTls(serverTls(authority), {
    ...typeof protocols === "string" ? {} : { protocols },
    log: () => {},
  });
  const { start: startTls } = await openUpstreamTls({
    certificates: [],
    authorities: authority.path("ca.crt"),
  }, () => {});
  return { protocols, startTls, tls };
}

/** What curl asks with, and the protocol of the answer. */
function askingBy(version: string, authority: TestAuthority, port: number) {
  return [
    ...["-sS", version, "--cacert", authority.path("ca.crt")],
    ...["-w", " %{http_version}", `https://localhost:${port}/`],
    ...["--connect-to", `localhost:${port}:127.0.0.1:${port}`],
  ];
}

testPrograms({
  name: "forward() agrees on h2 with curl, for an upstream without TLS",
  needs: ["haproxy", "curl"],
  async fn({ haproxy: path, curl }) {
    await using authority = await makeTestAuthority();
    await using haproxy = await startHaproxy(path, {
      bind: "proto h2",
      answer: "HTTP/%[req.ver]",
    });
    await using forward = await startTestForward(
      [upstreamAt(haproxy)],
      await agreeing(authority, ["h2"]),
    );
    const { port } = forward.addr;
    const said = await runOk(curl, askingBy("--http2", authority, port));
    assertEquals(said, "HTTP/2.0 2");
  },
});

testPrograms({
  name: "forward() agrees with curl on what its upstream speaks too",
  needs: ["haproxy", "curl"],
  async fn({ haproxy: path, curl }, context) {
    await using authority = await makeTestAuthority();
    await using haproxy = await startHaproxy(path, {
      bind: "alpn h2,http/1.1",
      answer: ANSWER,
      tls: authority.server,
    });
    for (const mode of ["off", "ahead"] as const) {
      for (const protocols of ["upstream", ["http/1.1", "h2"]] as const) {
        const list = typeof protocols === "string"
          ? "what it chooses"
          : "a list";
        await context.step(`by ${list}, with pool ${mode}`, async () => {
          await using forward = await startTestForward(
            [upstreamAt(haproxy, { isTls: true })],
            {
              ...mode === "off" ? {} : pooled(mode, 2),
              ...await agreeing(authority, protocols),
            },
          );
          const { port } = forward.addr;
          const ask = (version: string) =>
            runOk(curl, askingBy(version, authority, port));
          assertEquals(await ask("--http1.1"), "HTTP/1.1 by http/1.1 1.1");
          // Who decides is the upstream, or the first of the list.
          const expected = protocols === "upstream"
            ? "HTTP/2.0 by h2 2"
            : "HTTP/1.1 by http/1.1 1.1";
          assertEquals(await ask("--http2"), expected);
          assertEquals(await ask("--no-alpn"), "HTTP/1.1 by  1.1");
          for (const { result } of await forward.whenEnded(3)) {
            assertEquals(result, "ok");
          }
        });
      }
    }
  },
});

testPrograms({
  name:
    "forward() tells openssl that its upstream speaks none of the protocols, which is not the upstream's fault",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using authority = await makeTestAuthority();
    const server = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: authority.server.certificate,
      key: authority.server.key,
      alpnProtocols: ["http/1.1"],
    });
    const accepting = (async () => {
      for await (const conn of server) {
        await conn.handshake().catch(() => {});
        conn.close();
      }
    })();
    for (const protocols of ["upstream", ["h2"]] as const) {
      await using forward = await startTestForward(
        [upstreamAt(server.addr, { isTls: true })],
        { ...await agreeing(authority, protocols), health: { fall: 1 } },
      );
      const { stderr, text } = await run(openssl, [
        ...["s_client", "-connect", `127.0.0.1:${forward.addr.port}`],
        ...["-alpn", "h2", "-servername", "localhost"],
        ...["-CAfile", authority.path("ca.crt")],
      ]);
      if (protocols === "upstream") {
        assertStringIncludes(stderr, "alert no application protocol");
      } else assertStringIncludes(text, "ALPN protocol: h2");
      const [event] = await forward.whenEnded(1);
      const { reason, result } = event!;
      assertEquals(result, "refused");
      const name = `tls://127.0.0.1:${server.addr.port}`;
      assertEquals(reason, `${name} speaks none of h2`);
      assertEquals(forward.messages, []);
    }
    server.close();
    await accepting.catch(() => {});
  },
});
