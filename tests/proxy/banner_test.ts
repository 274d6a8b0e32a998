import { assertEquals } from "@std/assert";
import { type BannerFacts, bannerLines } from "../../lib/proxy/banner.ts";
import { PROTOCOLS } from "../../lib/serve/proxy_services.ts";
import type { ListenerInfo } from "../../lib/serve/start_listeners.ts";

const ALICE = { name: "alice", password: "hunter2" };

function listener(hostname: string, isPublic: boolean): ListenerInfo {
  const addr = { transport: "tcp" as const, hostname, port: 1080 };
  return { addr, name: `${hostname}:1080`, isPublic };
}

Deno.test("bannerLines() says what listens, how to try it and who may", () => {
  const cases: { facts: Partial<BannerFacts>; want: string[] }[] = [
    {
      facts: { listeners: [listener("127.0.0.1", false)] },
      want: [
        "Listening on 127.0.0.1:1080 (SOCKS5, SOCKS4, HTTP)",
        "Try it: curl -x socks5h://127.0.0.1:1080 https://example.com/",
        "Open to local programs; any target",
      ],
    },
    {
      facts: { listeners: [listener("::1", false)], users: [ALICE] },
      want: [
        "Listening on [::1]:1080 (SOCKS5, HTTP)",
        "Try it: curl -x socks5h://alice:PASSWORD@[::1]:1080 https://example.com/",
        "Open to 1 user on this machine; any target",
      ],
    },
    {
      facts: { listeners: [listener("::1", false)], users: [] },
      want: [
        "Listening on [::1]:1080 (SOCKS5, HTTP)",
        "Try it: curl -x socks5h://USER:PASSWORD@[::1]:1080 https://example.com/",
        "Open to nobody on this machine; any target",
      ],
    },
    {
      facts: {
        listeners: [listener("0.0.0.0", true)],
        users: [{ name: "a@b:c", password: "hunter2" }, ALICE],
      },
      want: [
        "Listening on 0.0.0.0:1080 (SOCKS5, HTTP)",
        "Try it: curl -x socks5h://a%40b%3Ac:PASSWORD@127.0.0.1:1080 https://example.com/",
        "Open to 2 users from anywhere; public targets only (--allow-private allows others)",
      ],
    },
    {
      facts: { listeners: [listener("::", true)], allowPrivate: true },
      want: [
        "Listening on [::]:1080 (SOCKS5, SOCKS4, HTTP)",
        "Try it: curl -x socks5h://[::1]:1080 https://example.com/",
        "Open to everyone; any target",
      ],
    },
    {
      facts: { listeners: [listener("::", true)], tls: "require" },
      want: [
        "Listening on [::]:1080 (SOCKS5, SOCKS4, HTTP, over TLS)",
        "Try it: curl -x https://[::1]:1080 --proxy-cacert CA.crt --proxy-cert YOURS.crt --proxy-key YOURS.key https://example.com/",
        "Open to certificate holders from anywhere; public targets only (--allow-private allows others)",
      ],
    },
    {
      facts: {
        listeners: [listener("127.0.0.1", false)],
        tls: "request",
        users: [ALICE],
      },
      want: [
        "Listening on 127.0.0.1:1080 (SOCKS5, SOCKS4, HTTP, over TLS)",
        "Try it: curl -x https://alice:PASSWORD@127.0.0.1:1080 --proxy-cacert CA.crt https://example.com/",
        "Open to certificate holders and 1 user on this machine; any target",
      ],
    },
    {
      facts: { listeners: [listener("::", true)], rules: 2 },
      want: [
        "Listening on [::]:1080 (SOCKS5, SOCKS4, HTTP)",
        "Try it: curl -x socks5h://[::1]:1080 https://example.com/",
        "Open to everyone; targets by 2 rules and the default",
      ],
    },
    {
      facts: { listeners: [listener("192.0.2.7", true)] },
      want: [
        "Listening on 192.0.2.7:1080 (SOCKS5, SOCKS4, HTTP)",
        "Try it: curl -x socks5h://192.0.2.7:1080 https://example.com/",
        "Open to everyone; public targets only (--allow-private allows others)",
      ],
    },
    {
      facts: { listeners: [listener("127.0.0.1", false)], allowPrivate: true },
      want: [
        "Listening on 127.0.0.1:1080 (SOCKS5, SOCKS4, HTTP)",
        "Try it: curl -x socks5h://127.0.0.1:1080 https://example.com/",
        "Open to local programs; any target",
      ],
    },
    {
      facts: { listeners: [listener("127.0.0.1", false)], protocols: ["http"] },
      want: [
        "Listening on 127.0.0.1:1080 (HTTP)",
        "Try it: curl -x http://127.0.0.1:1080 https://example.com/",
        "Open to local programs; any target",
      ],
    },
    {
      facts: {
        listeners: [listener("127.0.0.1", false)],
        protocols: ["socks4"],
      },
      want: [
        "Listening on 127.0.0.1:1080 (SOCKS4)",
        "Try it: curl -x socks4a://127.0.0.1:1080 https://example.com/",
        "Open to local programs; any target",
      ],
    },
  ];
  for (const { facts, want } of cases) {
    const whole = {
      listeners: [],
      protocols: PROTOCOLS,
      users: undefined,
      allowPrivate: false,
      ...facts,
    };
    assertEquals(bannerLines(whole), want);
  }
});

Deno.test("bannerLines() says it for each listener in turn", () => {
  const lines = bannerLines({
    listeners: [listener("127.0.0.1", false), listener("::", true)],
    protocols: PROTOCOLS,
    users: [ALICE],
    allowPrivate: false,
  });
  assertEquals(lines.length, 6);
  assertEquals(lines[0], "Listening on 127.0.0.1:1080 (SOCKS5, HTTP)");
  assertEquals(lines[3], "Listening on [::]:1080 (SOCKS5, HTTP)");
  assertEquals(lines.join().includes("hunter2"), false);
});

Deno.test("bannerLines() says how to try a Unix socket, and whom its file lets in", () => {
  const path = "/run/a b.sock";
  const name = `unix:${path}`;
  const addr = { transport: "tcp" as const, hostname: name, port: 0 };
  const one = { addr, name, isPublic: false, mode: 0o660 };
  const lines = (facts: Partial<BannerFacts>) =>
    bannerLines({
      ...{ listeners: [one], protocols: PROTOCOLS, users: undefined },
      ...{ allowPrivate: false, ...facts },
    });
  assertEquals(lines({}), [
    "Listening on unix:/run/a b.sock (SOCKS5, SOCKS4, HTTP)",
    "Try it: curl -x socks5h://localhost/run/a%20b.sock https://example.com/",
    "Open to programs that may write to the socket (mode 660); any target",
  ]);
  const through =
    "Try it: socat TCP-LISTEN:8080,bind=127.0.0.1,fork 'UNIX-CONNECT:/run/a b.sock' & curl -x ";
  assertEquals(
    lines({ protocols: ["http"], users: [ALICE] })[1],
    `${through}http://alice:PASSWORD@127.0.0.1:8080 https://example.com/`,
  );
  assertEquals(
    lines({ tls: "anyone" })[1],
    `${through}https://127.0.0.1:8080 --proxy-cacert CA.crt https://example.com/`,
  );
});
