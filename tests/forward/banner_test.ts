import { assertEquals } from "@std/assert";
import { forwardBanner, type ForwardFacts } from "../../lib/forward/banner.ts";
import { parseRoutes, parseSniRoutes } from "../../lib/forward/routes.ts";

interface Case {
  routes: string[];
  sni?: string[];
  facts?: Partial<ForwardFacts>;
  want: string[];
}

/** Lines of a relay whose listeners got ports 8001, 8002 and so on. */
function linesOf({ routes: words, sni = [], facts }: Case): string[] {
  const routes = parseRoutes(words);
  const listeners = routes.map((_, index) => {
    const port = 8001 + index;
    const addr = { transport: "tcp" as const, hostname: "127.0.0.1", port };
    return { addr, name: `127.0.0.1:${port}`, isPublic: false };
  });
  const serverNames = parseSniRoutes(sni);
  return forwardBanner({
    ...{ listeners, routes, serverNames, isTls: false },
    ...facts,
  }).filter((one) => typeof one === "string");
}

Deno.test("forwardBanner() names the upstreams, and which use TLS", () => {
  const cases: Case[] = [
    {
      routes: ["0", "10.0.0.5:80", "unix:/run/a.sock"],
      want: [
        "Listening on 127.0.0.1:8001, relaying to 10.0.0.5:80, unix:/run/a.sock",
      ],
    },
    {
      routes: ["0", "tls://far.example:443", "b.example:80,backup"],
      want: [
        "Listening on 127.0.0.1:8001, relaying to far.example:443 over TLS, b.example:80 (backup)",
      ],
    },
    {
      routes: ["0", "tls://a.example:443,weight=3", "b.example:80"],
      want: [
        "Listening on 127.0.0.1:8001, relaying to a.example:443 over TLS (weight 3), b.example:80",
      ],
    },
    {
      routes: ["0", "tls://10.0.0.5:443"],
      facts: { upstreamName: "far.example", isTls: true },
      want: [
        "Listening on 127.0.0.1:8001 over TLS, relaying to 10.0.0.5:443 over TLS as far.example",
      ],
    },
  ];
  for (const one of cases) assertEquals(linesOf(one), one.want);
});

Deno.test("forwardBanner() says which server names go where, and what happens to others", () => {
  const sni = ["a.example=10.0.0.5:443", "*.b.example=tls://10.0.0.6:443"];
  const names = [
    "Server name a.example: relaying to 10.0.0.5:443",
    "Server name *.b.example: relaying to 10.0.0.6:443 over TLS",
  ];
  assertEquals(linesOf({ routes: ["0"], sni, want: [] }), [
    "Listening on 127.0.0.1:8001, relaying by server name, and refusing clients that ask for another server or none",
    ...names,
  ]);
  assertEquals(linesOf({ routes: ["0", "10.0.0.7:443"], sni, want: [] }), [
    "Listening on 127.0.0.1:8001, relaying by server name, and clients that ask for another server or none to 10.0.0.7:443",
    ...names,
  ]);
});

Deno.test("forwardBanner() has an event for each listener", () => {
  const { routes, listeners } = {
    routes: parseRoutes(["1=9", "2=9"]),
    listeners: [8001, 8002].map((port) => ({
      addr: { transport: "tcp" as const, hostname: "127.0.0.1", port },
      name: `127.0.0.1:${port}`,
      isPublic: false,
    })),
  };
  const banner = forwardBanner({
    ...{ routes, listeners, serverNames: new Map(), isTls: true },
  });
  const events = banner.filter((one) => typeof one !== "string");
  assertEquals(events.map(({ kind, port, isTls }) => [kind, port, isTls]), [
    ["forward", 8001, true],
    ["forward", 8002, true],
  ]);
});
