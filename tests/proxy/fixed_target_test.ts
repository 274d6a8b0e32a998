import { assertEquals } from "@std/assert";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { parseRules, ruleOption } from "../../lib/policy/rules/parse_rules.ts";
import { startHttp } from "../support/programs.ts";
import { startProxy } from "../support/proxy.ts";

const HERE = { host: "127.0.0.1", port: 0 };

/** A proxy with one ordinary port and one that leads to a target. */
async function startWith(
  port: number,
  rules: string[],
  options: { guarded?: boolean } = {},
) {
  const events: ConnectionEvent[] = [];
  const proxy = await startProxy({
    listen: [HERE, HERE],
    targets: [undefined, { host: "localhost", port }],
    rules: {
      current: parseRules([ruleOption(rules)], { fallback: "deny" }),
    },
    log: (event) => {
      if (event.event === "connection") events.push(event);
    },
    ...options,
  });
  const [front, fixed] = proxy.listeners.map(({ addr }) => addr.port);
  return {
    front: front!,
    fixed: fixed!,
    async close() {
      await proxy.shutdown(1_000);
      return events.map(({ protocol, result, rule, target }) =>
        [protocol, target, result, rule].join(" ")
      );
    },
  };
}

/** What a port answers to a request: its status, or nothing. */
async function statusAt(port: number, url: string): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = `GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  await conn.write(new TextEncoder().encode(request));
  const bytes = new Uint8Array(1_024);
  const count = await conn.read(bytes).catch(() => null);
  const answer = new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  return answer.split(" ")[1] ?? "";
}

Deno.test("startProxy() leads a listener to its target, under the rules", async () => {
  await using server = startHttp(() => new Response("here"));
  const { port } = server.addr;
  const proxy = await startWith(port, [`yes: allow port ${port}`]);
  assertEquals(await statusAt(proxy.fixed, "/"), "200");
  assertEquals(
    await statusAt(proxy.front, `http://localhost:${port}/`),
    "200",
  );
  assertEquals(await proxy.close(), [
    `tcp localhost:${port} ok yes`,
    `http localhost:${port} ok yes`,
  ]);
});

Deno.test("startProxy() closes a listener's client if the rules deny its target", async () => {
  await using server = startHttp(() => new Response("here"));
  const { port } = server.addr;
  const proxy = await startWith(port, [`allow port 1`]);
  assertEquals(await statusAt(proxy.fixed, "/"), "");
  assertEquals(await proxy.close(), [
    `tcp localhost:${port} refused default`,
  ]);
});

Deno.test("startProxy() guards loopback if configured", async () => {
  await using server = startHttp(() => new Response("here"));
  const { port } = server.addr;
  const url = `http://localhost:${port}/`;
  const proxy = await startWith(port, [`allow port ${port}`], {
    guarded: true,
  });
  assertEquals(await statusAt(proxy.front, url), "403");
  assertEquals(await statusAt(proxy.fixed, "/"), "");
  assertEquals(await proxy.close(), [
    `http localhost:${port} refused guard`,
    `tcp localhost:${port} refused guard`,
  ]);
});
