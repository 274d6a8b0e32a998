import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  startEcho,
  startForward,
  startHub,
  startProxy,
} from "../../lib/mod.ts";
import { assertFree } from "../support/free_port.ts";

const LOOPBACK = { listen: "127.0.0.1:0" };

/** What a program without types may write, and what it is told. */
const MISTAKES: readonly [
  start: (options: never) => Promise<unknown>,
  options: unknown,
  error: string,
][] = [
  [startProxy, null, "Cannot start proxy: expected options such as"],
  [startProxy, "127.0.0.1:0", "not a string"],
  [startProxy, { lisen: "127.0.0.1:0" }, `did you mean "listen"?`],
  [startProxy, { listen: {} }, `"listen" is an object; expected what`],
  [startProxy, { listen: "127.0.0.1" }, `Cannot start proxy: "listen": `],
  [startProxy, { ...LOOPBACK, connectTimeout: 5 }, `"connectTimeout": `],
  [
    startProxy,
    { ...LOOPBACK, open: "yes" },
    `"open" is a string; expected true or false`,
  ],
  [startProxy, { ...LOOPBACK, users: true }, `"users" is true; expected FILE`],
  [
    startProxy,
    { ...LOOPBACK, users: ["a", "b"] },
    `"users" is an array; expected one FILE`,
  ],
  [startProxy, { ...LOOPBACK, authCache: "1m" }, `needs "users"`],
  [
    startProxy,
    { ...LOOPBACK, authorize: true },
    `"authorize" is not a function`,
  ],
  [startProxy, { ...LOOPBACK, signal: {} }, `"signal" is not an AbortSignal`],
  [startProxy, { listen: "0.0.0.0:0" }, `Refusing to listen on 0.0.0.0:0`],
  [startForward, { ...LOOPBACK }, `"upstreams" is missing`],
  [startForward, { upstreams: "127.0.0.1:1" }, `"listen" is missing`],
  [startForward, {}, `Cannot start forward: `],
  [
    startEcho,
    { ...LOOPBACK, dial: () => undefined },
    `"dial" is for a proxy only`,
  ],
  [startEcho, { ...LOOPBACK, workers: "2" }, `"workers" is not an option`],
  [startHub, { ...LOOPBACK, history: 2, queue: 1 }, `"queue" 1`],
];

Deno.test("start functions tell what is wrong with their options", async () => {
  for (const [start, options, message] of MISTAKES) {
    const error = await assertRejects(() => start(options as never), TypeError);
    assert(error.message.includes(message), `${error.message} <> ${message}`);
    assert(!error.message.includes("--"), error.message);
  }
});

Deno.test("start functions don't repeat a password", async () => {
  const user = `alice:${"secret".repeat(50)}`;
  const error = await assertRejects(
    () => startProxy({ ...LOOPBACK, user }),
    TypeError,
    "has 300 bytes, not 1 to 255",
  );
  assert(!String(error).includes("secret"), String(error));
});

Deno.test("start functions keep the system's error as the cause", async () => {
  await using echo = await startEcho(LOOPBACK);
  const error = await assertRejects(
    () => startProxy({ listen: echo.addr }),
    Error,
    "Cannot start proxy: ",
  );
  assert(!(error instanceof TypeError));
  assert(error.cause instanceof Deno.errors.AddrInUse, String(error.cause));
});

Deno.test("start functions throw the reason of a signal that is aborted", async () => {
  const reason = new Error("too late");
  const signal = AbortSignal.abort(reason);
  const error = await assertRejects(() => startEcho({ ...LOOPBACK, signal }));
  assertEquals(error, reason);
});

Deno.test("a signal ends a server, and what is open in it", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const echo = await startEcho({ ...LOOPBACK, signal });
  using conn = await Deno.connect({ port: echo.port });
  await conn.write(new Uint8Array(1));
  await conn.read(new Uint8Array(1));
  assertEquals(echo.connections, 1);
  controller.abort();
  await echo.finished;
  assertEquals(echo.connections, 0);
  assertFree({ hostname: "127.0.0.1", port: echo.port });
});

Deno.test("shutdown() counts what it cuts, and knows its times", async () => {
  const echo = await startEcho(LOOPBACK);
  using conn = await Deno.connect({ port: echo.port });
  await conn.write(new Uint8Array(1));
  await conn.read(new Uint8Array(1));
  await assertRejects(() => echo.shutdown("5"), TypeError, `write "30s"`);
  await assertRejects(() => echo.shutdown(-1), TypeError);
  assertEquals(await echo.shutdown("10ms"), 1);
});

Deno.test("a server tells all of its listeners", async () => {
  await using proxy = await startProxy({
    listen: ["127.0.0.1:0", "[::1]:0"],
  });
  const [first, second] = proxy.listeners;
  assertEquals(first!.hostname, "127.0.0.1");
  assertEquals(second!.name, `[::1]:${second!.port}`);
  assertEquals(proxy.addr, first!.name);
  assertEquals(proxy.port, first!.port);
});

Deno.test("reload() reads the files again, and tells what is wrong with one", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "default deny\n");
    await using proxy = await startProxy({ ...LOOPBACK, rules: path });
    await Deno.writeTextFile(path, "default allow\n");
    await proxy.reload();
    await Deno.writeTextFile(path, "default perhaps\n");
    await assertRejects(() => proxy.reload(), Error, "Cannot reload: ");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("an error in a callback is the program's, not the connection's", async () => {
  const reported = Promise.withResolvers<unknown>();
  const take = (event: ErrorEvent) => {
    event.preventDefault();
    reported.resolve(event.error);
  };
  addEventListener("error", take);
  try {
    const mistake = new Error("a mistake in the program");
    await using echo = await startEcho({
      ...LOOPBACK,
      onConnection() {
        throw mistake;
      },
    });
    using conn = await Deno.connect({ port: echo.port });
    await conn.write(new Uint8Array(1));
    assertEquals(await conn.read(new Uint8Array(1)), 1);
    assertEquals(await reported.promise, mistake);
  } finally {
    removeEventListener("error", take);
  }
});

/** Runs a program that has the library, with these permissions alone. */
async function run(code: string, ...permissions: string[]) {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--cached-only",
      ...permissions,
      "--ext=ts",
      "-",
    ],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  await using child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { code: exit, stderr, stdout } = await child.output();
  const decoder = new TextDecoder();
  return { exit, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("importing the library starts nothing and needs no permission", async () => {
  const code =
    ["", "/socks", "/rules", "/streams"].map((path, index) =>
      `import * as m${index} from "@sluice/sluice${path}";`
    ).join("\n") + "\nconsole.log(Object.keys(m0).length);";
  assertEquals(await run(code), { exit: 0, said: "4\n" });
});

// Deno asks for `--allow-read` where a module in a folder is imported lazily.
Deno.test("servers need the permission for the network alone", async () => {
  const code = `
    import { startEcho, startProxy } from "@sluice/sluice";
    import { socksConnect } from "@sluice/sluice/socks";
    await using echo = await startEcho({ listen: "127.0.0.1:0" });
    await using proxy = await startProxy({ listen: "127.0.0.1:0" });
    using conn = await socksConnect("socks5h://" + proxy.addr, echo.addr);
    await conn.write(new TextEncoder().encode("hello"));
    const buffer = new Uint8Array(5);
    await conn.read(buffer);
    console.log(new TextDecoder().decode(buffer));
  `;
  assertEquals(await run(code, "--allow-net", "--allow-read=lib"), {
    exit: 0,
    said: "hello\n",
  });
});
