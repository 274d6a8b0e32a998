import { assertEquals } from "@std/assert";
import { problemsOf } from "../support/config.ts";
import { makeFolder } from "../support/programs.ts";
import { type Answer, sharedCommands } from "../support/sluice_commands.ts";

const commands = sharedCommands();

function check(path: string): Promise<Answer> {
  return commands.run(["check", "-c", path]);
}

const BAD = `{
  // All of this is wrong.
  "log": "xml",
  "lisseners": 1,
  "listeners": [
    { "kind": "proxy",
      "listen": ["0.0.0.0:1080"],
      "idle-timout": "10m",
      "connect-timeout": "10x",
      "max-connections": true },
    { "kind": "proxy", "listen": 1080,
      "users": "nosuch.txt",
      "rules": "nosuch.rules",
      "ban-time": "1h",
      "bind": "192.0.2.1" },
    { "kind": "proxy", "listen": ":1081",
      "user": ["env:SLUICE_NO_SUCH",
        "file:nosuch",
        "carol"] },
    { "kind": "forward", "listen": 1082,
      "upstreams": ["a:0"] },
    { "kind": "forward", "listen": 1083, "upstreams": ["a:80"],
      "pool-size": 3,
      "max-connections-per-user": 3 },
    { "kind": "forward",
      "listen": 1084, "routes": [1085, 80] },
    { "kind": "hub",
      "listen": [1083,
        7000, 7000],
      "history": 2000,
      "ws-origin": "https://x.example" },
    { "kind": "hob" },
    { "kind": "echo", "listen": ":9000",
      "udp": true, "chunk": 3 },
    { "kind": "forward" },
    7
  ]
}
`;

const PROBLEMS = [
  "3:3: log: expected one of text, json",
  "4:3: lisseners: there is no such setting; did you mean listeners?",
  '7:7: listeners[0].listen: Refusing to listen on 0.0.0.0:1080: anyone who reaches it could use the proxy; give "user", "users" or "tls-client-ca", or "open" to allow that',
  "8:7: listeners[0].idle-timout: there is no such setting; did you mean idle-timeout?",
  "9:7: listeners[0].connect-timeout: '10x' is not a duration such as 250ms, 10s, 5m, 1h or 0",
  "10:7: listeners[0].max-connections: expected N as text or number",
  "11:24: listeners[1].listen: 127.0.0.1:1080 is already taken by listeners[0]",
  "12:7: listeners[1].users: Cannot read users file nosuch.txt: there is no such file",
  "13:7: listeners[1].rules: Cannot read rules nosuch.rules: there is no such file",
  '14:7: listeners[1].ban-time: is longer than "ban-time-max"; raise "ban-time-max"',
  "15:7: listeners[1].bind: Cannot use 192.0.2.1 as a source address: it is not an address of this machine",
  "17:16: listeners[2].user[0]: SLUICE_NO_SUCH is not set in the environment",
  "18:9: listeners[2].user[1]: cannot read nosuch: there is no such file",
  "19:9: listeners[2].user[2]: a user is not NAME:PASSWORD",
  "21:7: listeners[3].upstreams: 'a:0' has port 0; give one from 1 to 65535",
  '23:7: listeners[4].pool-size: needs "pool" ahead or reuse; without it, this option has no effect',
  "24:7: listeners[4].max-connections-per-user: has no effect without users; leave it out, or give the proxy users with --user NAME:PASSWORD",
  "26:7: listeners[5].listen: expected either listen (and upstreams), or routes",
  "28:7: listeners[6].listen: 127.0.0.1:1083 is already taken by listeners[4]",
  "28:7: listeners[6].listen: 127.0.0.1:7000 is given twice",
  `30:7: listeners[6].history: 2000 messages don't fit into "queue" 1000; raise "queue" to 2000 or more`,
  '31:7: listeners[6].ws-origin: needs "ws"; without it, this option has no effect',
  "32:7: listeners[7].kind: expected one of proxy, forward, hub, echo",
  '33:23: listeners[8].listen: Refusing to answer datagrams on [::]:9000: anyone who reaches it could make Sluice send answers to others; give "open" to allow that',
  '34:20: listeners[8].chunk: cannot be combined with "udp": a datagram is sent whole',
  "35:5: listeners[9]: expected either listen (and upstreams), or routes",
  "36:5: listeners[10]: expected an object with a kind",
];

Deno.test("check reports everything that is wrong, with its place and what was expected", async () => {
  const problems = await problemsOf(BAD, "sluice.jsonc");
  assertEquals(problems, PROBLEMS.map((line) => `sluice.jsonc:${line}`));
});

Deno.test("check exits with 2 and prints the problems, or with 0", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  await Deno.writeTextFile(path, '{ "listeners": [{ "kind": "hob" }] }');
  assertEquals(await check(path), {
    code: 2,
    text: "",
    stderr:
      `${path}:1:19: listeners[0].kind: expected one of proxy, forward, hub, echo\n`,
  });
  await Deno.writeTextFile(path, '{ "listeners": [{ "kind": "hub" }] }');
  assertEquals(await check(path), {
    code: 0,
    text: `${path}: 1 listener, nothing wrong\n`,
    stderr: "",
  });
  const { code, stderr } = await check(`${folder.path}/nosuch`);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `sluice: Cannot read config ${folder.path}/nosuch: there is no such file\n`,
  );
  assertEquals(await check(folder.path), {
    code: 1,
    text: "",
    stderr: `sluice: Cannot read config ${folder.path}: it is a folder\n`,
  });
});

Deno.test("check warns that changes cut tunnels, unless the file says what is wanted", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/sluice.jsonc`;
  const rule = ["allow"];
  const listeners = [
    { "kind": "proxy", "listen": 1080, rule },
    { "kind": "proxy", "listen": 1081, rule, "on-change": "keep" },
    { "kind": "proxy", "listen": 1082 },
    { "kind": "forward", "listen": 1083, "upstreams": ["a:80"], rule },
    { "kind": "echo", "listen": 1084 },
  ];
  await Deno.writeTextFile(path, JSON.stringify({ listeners }));
  const { code, text } = await check(path);
  assertEquals(code, 0);
  const warned = [
    ...text.matchAll(/listeners\[(\d)\]\.rule: warning: since 0\.2/g),
  ];
  assertEquals(warned.map(([, index]) => index), ["0", "3"]);
});

Deno.test("check says once what a listener lacks, and what was meant by a name", async () => {
  const table: [listener: object, problem: string][] = [
    [
      { kind: "forward", listen: 1080 },
      "listeners[0].listen: the upstream is missing; give one, such as 127.0.0.1:8849",
    ],
    [
      { kind: "proxy", listen: 1080, port: 1 },
      "listeners[0].port: there is no such setting; did you mean listen?",
    ],
    [
      { kind: "proxy", listen: 1080, cert: "x" },
      "listeners[0].cert: there is no such setting; did you mean tls-cert?",
    ],
  ];
  for (const [listener, problem] of table) {
    const problems = await problemsOf({ listeners: [listener] });
    assertEquals(problems.map((text) => text.replace(/^\S+ /, "")), [problem]);
  }
});

Deno.test("check finds which listeners want the same port", async () => {
  const table: [one: string, other: string, clash: boolean][] = [
    ["127.0.0.1:1080", "1080", true],
    ["127.0.0.1:1080", "127.0.0.1:1081", false],
    ["127.0.0.1:1080", "[::1]:1080", false],
    ["127.0.0.1:1080", "127.0.0.2:1080", false],
    ["0.0.0.0:1080", "127.0.0.1:1080", true],
    ["0.0.0.0:1080", "[::1]:1080", false],
    [":1080", "127.0.0.1:1080", true],
    [":1080", "[::1]:1080", true],
    ["localhost:1080", "127.0.0.1:1080", true],
    ["127.0.0.1:0", "127.0.0.1:0", false],
  ];
  for (const [one, other, clash] of table) {
    const problems = await problemsOf({
      listeners: [one, other].map((listen) => ({
        ...{ kind: "proxy", listen, open: true },
      })),
    });
    assertEquals(problems.length, clash ? 1 : 0, `${one} ${other} ${problems}`);
  }
  const sockets = await problemsOf({
    listeners: ["unix:a", "unix:a", "unix:b"].map((listen) => ({
      ...{ kind: "forward", listen, upstreams: 80 },
    })),
  });
  assertEquals(sockets.length, 1, `${sockets}`);
});

Deno.test("check needs no port to be free, and opens no connection", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assertEquals(
    await problemsOf({
      listeners: [
        { kind: "proxy", listen: port },
        {
          ...{ kind: "forward", listen: 0, upstreams: port },
          ...{ pool: "ahead", "pool-size": 3, "check-interval": "10ms" },
        },
      ],
    }),
    [],
  );
  const accepting = listener.accept().then((conn) => conn.close(), () => {});
  using probe = await Deno.connect({ hostname: "127.0.0.1", port });
  await accepting; // The first that comes is the probe.
  assertEquals(await probe.read(new Uint8Array(1)), null);
  listener.close();
});

Deno.test("check looks at the admin listener and its token too", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(`${folder.path}/short`, "short\n");
  const problemsWith = (program: object) =>
    problemsOf({
      ...program,
      listeners: [{ kind: "echo", listen: "127.0.0.1:1080" }],
    });
  const refusal =
    'test.jsonc:1:2: admin: Refusing to serve "admin" on 0.0.0.0:9090 without a token: anyone who can reach it could see and end connections; give "admin-token-file" or SLUICE_ADMIN_TOKEN';
  const table: [program: object, problems: string[]][] = [
    [{ admin: 9090 }, []],
    [{ admin: "0.0.0.0:9090" }, [refusal]],
    [{ admin: 1080 }, [
      "test.jsonc:1:2: admin: 127.0.0.1:1080 is already taken by listeners[0]",
    ]],
    [{ "admin-token-file": "nosuch" }, [
      'test.jsonc:1:2: admin-token-file: needs "admin"; without it, this option has no effect',
    ]],
    [{ "admin-token-file": "nosuch", admin: 9090 }, [
      "test.jsonc:1:2: admin-token-file: Cannot read admin token nosuch: there is no such file",
    ]],
    [{ "admin-token-file": `${folder.path}/short`, admin: 9090 }, [
      `test.jsonc:1:2: admin-token-file: The admin token of "admin-token-file" ${folder.path}/short is not 16 to 1024 visible ASCII characters; make one with: openssl rand -hex 32`,
    ]],
  ];
  for (const [program, problems] of table) {
    assertEquals(await problemsWith(program), problems);
  }
});
