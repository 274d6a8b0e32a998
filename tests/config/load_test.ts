import { assertEquals, assertStringIncludes } from "@std/assert";
import { load, problemsOf } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";

Deno.test("loadConfig() takes paths as relative to the file", async () => {
  const { listeners } = await load({
    listeners: [
      { kind: "proxy", users: "users.txt", rules: "/etc/rules.txt" },
      {
        kind: "forward",
        listen: "unix:run/in",
        upstreams: ["unix:out,weight=2", "unix:/abs"],
      },
      { kind: "forward", routes: ["unix:a=unix:b,backup"] },
      { kind: "proxy", listen: ["unix:p,mode=660", "1080"] },
      { kind: "forward", routes: ["unix:a,mode=660=unix:b"] },
    ],
  }, "some/where/sluice.jsonc");
  assertEquals(listeners.map(({ given }) => Object.fromEntries(given)), [
    { users: ["some/where/users.txt"], rules: ["/etc/rules.txt"] },
    {
      routes: [
        "unix:some/where/run/in",
        "unix:some/where/out,weight=2",
        "unix:/abs",
      ],
    },
    { routes: ["unix:some/where/a=unix:some/where/b,backup"] },
    { listen: ["unix:some/where/p,mode=660", "1080"] },
    { routes: ["unix:some/where/a,mode=660=unix:some/where/b"] },
  ]);
  const here = await load({ listeners: [{ kind: "proxy", users: "u" }] });
  assertEquals(here.listeners[0]!.given.get("users"), ["u"]);
});

Deno.test("loadConfig() shows references and names, and keeps secrets for the options", async () => {
  Deno.env.set("SLUICE_TEST_LOGIN", "carol:from-env");
  const config = await load({
    listeners: [{
      kind: "proxy",
      listen: 1080,
      user: ["alice:secret", "env:SLUICE_TEST_LOGIN"],
      via: "socks5://me:secret@proxy.example",
    }],
  });
  const [listener] = config.listeners;
  assertEquals(listener!.given.get("user"), ["alice:secret", "carol:from-env"]);
  assertEquals(config.hasSecrets, true);
  assertEquals(config.printable, {
    listeners: [{
      kind: "proxy",
      listen: 1080,
      user: ["alice:(hidden)", "env:SLUICE_TEST_LOGIN"],
      via: "socks5://me:(hidden)@proxy.example",
    }],
  });
});

Deno.test("loadConfig() knows whether secrets stand in the file, and what files have them", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(`${folder.path}/alice`, "secret");
  const { hasSecrets, secretFiles } = await load({
    listeners: [{ kind: "proxy", user: "alice:file:alice" }],
  }, `${folder.path}/sluice.jsonc`);
  assertEquals({ hasSecrets, secretFiles }, {
    hasSecrets: false,
    secretFiles: [`${folder.path}/alice`],
  });
});

Deno.test("no problem repeats a secret", async () => {
  Deno.env.set("SLUICE_TEST_BAD", "TOP-SECRET");
  for (
    const listener of [
      { kind: "proxy", user: "TOP-SECRET" },
      { kind: "proxy", user: ["alice:TOP-SECRET", "alice:TOP-SECRET2"] },
      { kind: "proxy", user: { name: "TOP-SECRET" } },
      { kind: "proxy", user: "env:SLUICE_TEST_BAD" },
      { kind: "proxy", via: "socks9://me:TOP-SECRET@proxy" },
      { kind: "proxy", via: ["http://me:TOP-SECRET@proxy", "TOP-SECRET"] },
      { kind: "proxy", parent: "x=http://me:TOP-SECRET" },
      {
        kind: "proxy",
        listen: ":1",
        user: "x:TOP-SECRET",
        protocols: "socks4",
      },
    ]
  ) {
    const problems = await problemsOf({ listeners: [listener] });
    assertEquals(problems.length > 0, true, JSON.stringify(listener));
    assertEquals(problems.join().includes("TOP-SECRET"), false, `${problems}`);
  }
});

Deno.test("loadConfig() suggests the nearest name, of the right kind", async () => {
  const table: [value: unknown, hint: string][] = [
    [{ listners: [], listeners: [{ kind: "hub" }] }, "did you mean listeners?"],
    [
      { listeners: [{ kind: "hub", queue_bytes: 1 }] },
      "did you mean queue-bytes?",
    ],
    [{ listeners: [{ kind: "hub", users: "x" }] }, "see sluice config example"],
    [
      { listeners: [{ kind: "forward", upstream: 1 }] },
      "did you mean upstreams?",
    ],
    [
      { listeners: [{ kind: "proxy", help: true }] },
      "there is no such setting",
    ],
  ];
  for (const [value, hint] of table) {
    const problems = await problemsOf(value);
    assertStringIncludes(problems.join("\n"), hint);
  }
});

Deno.test("loadConfig() refuses abstract names where they stand", async () => {
  const problems = await problemsOf({
    listeners: [
      { kind: "proxy", listen: "unix:@name" },
      { kind: "forward", listen: "unix:@name", upstreams: ["unix:b"] },
    ],
  });
  assertEquals(problems.length, 2, problems.join("\n"));
  for (const problem of problems) {
    assertStringIncludes(
      problem,
      "is an abstract name, which is not supported",
    );
  }
});
