import { assert, assertEquals } from "@std/assert";
import { describeOptions } from "../../lib/app/describe_options.ts";
import { parseOptions } from "../../lib/app/parse_options.ts";
import { PROXY_OPTIONS } from "../../lib/app/proxy_options.ts";
import { parseParent } from "../../lib/wire/parent_url.ts";

Deno.test("describeOptions() leaves out what is secret", () => {
  const described = describeOptions({
    "user": [{ name: "alice", password: "hush" }],
    "via": [parseParent("socks5://bob:hush@proxy.example:1080")],
    "text": "socks5h://bob:hush@proxy.example",
    "token": "hush",
    "deep": { more: [{ apiKey: "hush", passwordHash: "hush" }] },
    "admin-token-file": "token.txt",
    "tls-key": [],
    "auth-cache": 300_000,
    "not": undefined,
    "call": () => "hush",
    "set": new Set([1]),
    "map": new Map([["a", 1]]),
    "ip": Uint8Array.of(127, 0, 0, 1),
    "never": Infinity,
  });
  const text = JSON.stringify(described);
  assert(!text.includes("hush"), text);
  assertEquals(JSON.parse(text), {
    "user": [{ name: "alice", password: "(secret)" }],
    "via": [{
      scheme: "socks5",
      host: "proxy.example",
      port: 1080,
      credentials: "(secret)",
    }],
    "text": "socks5h://(secret)@proxy.example",
    "token": "(secret)",
    "deep": { more: [{ apiKey: "(secret)", passwordHash: "(secret)" }] },
    "admin-token-file": "token.txt",
    "tls-key": [],
    "auth-cache": 300_000,
    "set": [1],
    "map": { a: 1 },
    "ip": "127.0.0.1",
    "never": null,
  });
});

Deno.test("describeOptions() describes what a command line says", async () => {
  const args = ["--user", "alice:hush", "--rule", "deny to private"];
  const text = JSON.stringify(
    describeOptions(await parseOptions(args, PROXY_OPTIONS)),
  );
  assert(!text.includes("hush"));
  assert(text.includes('"name":"alice"'));
  assert(text.includes("deny to private"));
});

Deno.test("describeOptions() ends with values that hold themselves", () => {
  const loop: Record<string, unknown> = {};
  loop["loop"] = loop;
  assert(JSON.stringify(describeOptions(loop)).length < 200);
});
