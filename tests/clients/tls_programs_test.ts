import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import tls from "node:tls";
import { BROWSER_OPTIONS } from "../support/browser.ts";
import { issue } from "../support/certificates.ts";
import {
  makeFolder,
  run,
  runOk,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { within } from "../support/sockets.ts";
import {
  serverTls,
  startTlsProxy,
  type TlsProxy,
} from "../support/tls_proxy.ts";

const PAGE = "through the proxy";

/** Options of curl for the proxy, as Alice. */
function curlOptions({ authority: { path }, proxy }: TlsProxy): string[] {
  return [
    ...["-q", "-sS", "-x", `https://localhost:${proxy.addr.port}`],
    ...["--proxy-cacert", path("ca.crt")],
    ...["--proxy-cert", path("alice.crt"), "--proxy-key", path("alice.key")],
  ];
}

testPrograms({
  name: "curl -x https:// shows a certificate, and asks for pages and tunnels",
  needs: ["curl"],
  async fn({ curl }) {
    await using server = startHttp((request) =>
      new Response(request.body ?? PAGE)
    );
    await using proxy = await startTlsProxy();
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const options = curlOptions(proxy);
    assertEquals(await runOk(curl, [...options, url]), PAGE);
    assertEquals(await runOk(curl, [...options, "-p", url]), PAGE);
    // The second connection resumes the session of the first.
    const twice = [...options, "-H", "Connection: close", url, url];
    assertEquals(await runOk(curl, twice), PAGE + PAGE);
    const events = await within(5_000, proxy.proxy.whenEnded(4));
    assertEquals(new Set(events.map(({ user }) => user)), new Set(["alice"]));
    assertEquals(new Set(events.map(({ result }) => result)), new Set(["ok"]));
  },
});

testPrograms({
  name: "curl -x https:// is refused without a certificate",
  needs: ["curl"],
  async fn({ curl }) {
    await using proxy = await startTlsProxy();
    const options = curlOptions(proxy).slice(0, -4);
    const { code, stderr } = await run(curl, [
      ...options,
      "http://127.0.0.1:9/",
    ]);
    assert(code !== 0);
    assertStringIncludes(stderr, "certificate required");
    const [event] = await within(5_000, proxy.proxy.whenEnded(1));
    assertEquals(event!.result, "refused");
    assertEquals(
      event!.reason,
      "TLS handshake failed: client sent no certificate",
    );
  },
});

for (const version of ["-tls1_2", "-tls1_3"]) {
  // Deno as a client has no use for such a certificate either.
  testPrograms({
    name:
      `openssl s_client ${version} is told of a certificate with an unknown critical extension`,
    needs: ["openssl"],
    async fn({ openssl }) {
      await using folder = await makeFolder();
      await using proxy = await startTlsProxy();
      const { authority } = proxy.authority;
      const odd = await issue({ name: "odd", unknown: "1.2.3.4" }, authority);
      const file = `${folder.path}/odd.pem`;
      await Deno.writeTextFile(file, odd.certificate + odd.key);
      const { stderr } = await run(openssl, [
        ...["s_client", "-connect", `127.0.0.1:${proxy.proxy.addr.port}`],
        ...[version, "-cert", file, "-ign_eof"],
      ]);
      assertStringIncludes(stderr, "alert certificate unknown");
      const [event] = await within(5_000, proxy.proxy.whenEnded(1));
      assertEquals(event!.result, "refused");
      assertEquals(
        event!.reason,
        "TLS handshake failed: client's certificate is not accepted: it has an unknown critical extension, or can't be read",
      );
    },
  });

  testPrograms({
    name: `openssl s_client ${version} gets an answer and a clean end`,
    needs: ["openssl"],
    async fn({ openssl }) {
      await using server = startHttp(() => new Response(PAGE));
      await using proxy = await startTlsProxy();
      const { path } = proxy.authority;
      const target = `127.0.0.1:${server.addr.port}`;
      const { text, stderr } = await run(openssl, [
        ...["s_client", "-connect", `127.0.0.1:${proxy.proxy.addr.port}`],
        ...["-servername", "localhost", "-verify_return_error", version],
        ...["-CAfile", path("ca.crt"), "-alpn", "h2,http/1.1", "-ign_eof"],
        ...["-cert", path("alice.crt"), "-key", path("alice.key")],
      ], {
        stdin:
          `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nGET / HTTP/1.0\r\n\r\n`,
      });
      assertStringIncludes(text, PAGE, stderr);
      assertStringIncludes(text, "ALPN protocol: http/1.1");
      assertStringIncludes(text, "Verify return code: 0 (ok)");
      // It says so where close_notify is missing.
      assert(!stderr.includes("unexpected eof"), stderr);
    },
  });
}

testPrograms({
  name: "openssl s_client -tls1_1 and -alpn h2 are told what is wrong",
  needs: ["openssl"],
  async fn({ openssl }) {
    await using proxy = await startTlsProxy();
    for (
      const [args, alert] of [
        [["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "protocol version"],
        [["-alpn", "h2"], "no application protocol"],
      ] as const
    ) {
      const { stderr } = await run(openssl, [
        ...["s_client", "-connect", `127.0.0.1:${proxy.proxy.addr.port}`],
        ...args,
      ]);
      assertStringIncludes(stderr, `alert ${alert}`);
    }
  },
});

testPrograms({
  name: "ncat --ssl speaks HTTP CONNECT inside of TLS",
  needs: ["ncat"],
  async fn({ ncat }) {
    await using server = startHttp(() => new Response(PAGE));
    await using proxy = await startTlsProxy();
    const { path } = proxy.authority;
    const target = `127.0.0.1:${server.addr.port}`;
    const text = await runOk(ncat, [
      ...["--ssl", "--ssl-verify", "--ssl-trustfile", path("ca.crt")],
      ...["--ssl-servername", "localhost"],
      ...["--ssl-cert", path("alice.crt"), "--ssl-key", path("alice.key")],
      ...["localhost", String(proxy.proxy.addr.port)],
    ], {
      stdin:
        `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nGET / HTTP/1.0\r\n\r\n`,
    });
    assertStringIncludes(text, PAGE);
  },
});

Deno.test("Node's tls speaks HTTP inside of TLS", async () => {
  await using server = startHttp(() => new Response(PAGE));
  await using proxy = await startTlsProxy();
  const { authority, alice } = proxy.authority;
  const socket = tls.connect({
    host: "127.0.0.1",
    port: proxy.proxy.addr.port,
    servername: "localhost",
    ca: authority.certificate,
    cert: alice.certificate,
    key: alice.key,
    ALPNProtocols: ["http/1.1"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (chunk: Uint8Array) => {
    text += new TextDecoder().decode(chunk);
    if (text.endsWith(PAGE)) resolve(text);
  });
  socket.on("error", reject);
  socket.write(`GET http://127.0.0.1:${server.addr.port}/ HTTP/1.1\r\n`);
  socket.write(`Host: 127.0.0.1:${server.addr.port}\r\n\r\n`);
  try {
    assertStringIncludes(await within(5_000, promise), "HTTP/1.1 200 OK");
    assertEquals(socket.alpnProtocol, "http/1.1");
  } finally {
    socket.destroy();
  }
});

/** As in the test without TLS; and it has to take our certificate. */
const FLAGS = [
  ...BROWSER_OPTIONS,
  "--ignore-certificate-errors",
  "--proxy-bypass-list=*;<-loopback>",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

testPrograms({
  name: "chromium --proxy-server=https:// loads a page",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": chromium }) {
    await using folder = await makeFolder();
    await using server = startHttp(() =>
      new Response("<title>through the proxy</title>", {
        headers: { "content-type": "text/html" },
      })
    );
    // It has no option for a client's certificate.
    await using proxy = await startTlsProxy({ tls: serverTls });
    const target = `localhost:${server.addr.port}`;
    const { text, stderr } = await run(chromium, [
      ...FLAGS,
      `--user-data-dir=${folder.path}`,
      `--proxy-server=https://localhost:${proxy.proxy.addr.port}`,
      ...["--dump-dom", `http://${target}/`],
    ], { env: { HOME: folder.path } });
    assertStringIncludes(text, "<title>through the proxy</title>", stderr);
    let events = proxy.proxy.ended;
    while (!events.some((event) => event.target === target)) {
      events = await within(10_000, proxy.proxy.whenEnded(events.length + 1));
    }
  },
});
