import { assert, assertEquals, assertRejects } from "@std/assert";
import { listenUnix } from "../../lib/net/unix_listener.ts";
import { makeFolder, runOk } from "../support/programs.ts";
import { within } from "../support/sockets.ts";

const MODULE = new URL("../../lib/net/unix_listener.ts", import.meta.url).href;

const ignore = Deno.build.os === "windows";

function testUnix(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: `listenUnix() ${name}`,
    ignore,
    async fn() {
      await using folder = await makeFolder();
      await fn(folder.path);
    },
  });
}

function modeOf(path: string): string {
  return (Deno.lstatSync(path).mode! & 0o777).toString(8);
}

function connect(path: string): Promise<Deno.UnixConn> {
  return Deno.connect({ transport: "unix", path });
}

testUnix("serves who connects to the path", async (folder) => {
  const path = `${folder}/a.sock`;
  using listener = await listenUnix(path);
  using client = await connect(path);
  using served = await within(5_000, listener.accept());
  await served.write(Uint8Array.of(1, 2, 3));
  assertEquals(await client.read(new Uint8Array(9)), 3);
  const { hostname } = listener.addr as Deno.NetAddr;
  assertEquals(hostname, `unix:${path}`);
  assertEquals(served.localAddr.hostname, `unix:${path}`);
});

testUnix(
  "leaves nothing but the file, and in the end not that",
  async (folder) => {
    const path = `${folder}/a.sock`;
    const listener = await listenUnix(path);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [
      "a.sock",
    ]);
    listener[Symbol.dispose]();
    listener[Symbol.dispose]();
    assertEquals([...Deno.readDirSync(folder)], []);
  },
);

testUnix("lets this user alone connect, whatever the umask", async (folder) => {
  // The umask is the whole process's: it is another one that changes it.
  const code = `import { listenUnix } from "${MODULE}";
    const [folder] = Deno.args;
    Deno.umask(0);
    await listenUnix(folder + "/a");
    await listenUnix(folder + "/b", 0o666);
    Deno.umask(0o027);
    await listenUnix(folder + "/c", 0o660);
    const modes = ["a", "b", "c"].map((name) =>
      (Deno.lstatSync(folder + "/" + name).mode & 0o777).toString(8));
    Deno.stdout.writeSync(new TextEncoder().encode(
      [...modes, Deno.umask().toString(8)].join()));
    Deno.exit();`;
  const program = `${folder}/program.ts`;
  Deno.writeTextFileSync(program, code);
  const args = ["run", "-A", "--no-check", program, folder];
  assertEquals(await runOk(Deno.execPath(), args), "600,666,660,27");
});

testUnix(
  "changes the permissions of the file that is its own",
  async (folder) => {
    const path = `${folder}/a.sock`;
    using listener = await listenUnix(path, 0o660);
    listener.setMode!();
    assertEquals(modeOf(path), "600");
    listener.setMode!(0o622);
    assertEquals(modeOf(path), "622");
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, "", { mode: 0o600 });
    listener.setMode!(0o666);
    assertEquals(modeOf(path), "600");
  },
);

testUnix("replaces what a program that has ended has left", async (folder) => {
  const path = `${folder}/a.sock`;
  const code = `Deno.listen({ transport: "unix", path: ${
    JSON.stringify(path)
  } });
    Deno.kill(Deno.pid, "SIGKILL");`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assert(Deno.lstatSync(path).isSocket);
  using listener = await listenUnix(path);
  using _client = await connect(path);
  (await within(5_000, listener.accept())).close();
  assertEquals([...Deno.readDirSync(folder)].length, 1);
});

testUnix("does not take the path of a program that listens", async (folder) => {
  const path = `${folder}/a.sock`;
  using first = await listenUnix(path);
  await assertRejects(() => listenUnix(path), Deno.errors.AddrInUse);
  using _client = await connect(path);
  (await within(5_000, first.accept())).close(); // Who asked.
  (await within(5_000, first.accept())).close();
  assertEquals([...Deno.readDirSync(folder)].length, 1);
});

testUnix("lets one of many have the path", async (folder) => {
  const path = `${folder}/a.sock`;
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, () => listenUnix(path)),
  );
  const had = all.filter(({ status }) => status === "fulfilled");
  assertEquals(had.length, 1);
  assertEquals([...Deno.readDirSync(folder)].length, 1);
  for (const one of all) {
    if (one.status === "fulfilled") one.value[Symbol.dispose]();
  }
});

testUnix("leaves files alone that are no sockets", async (folder) => {
  const path = `${folder}/precious`;
  Deno.writeTextFileSync(path, "data");
  Deno.symlinkSync(path, `${folder}/link`);
  Deno.symlinkSync("nowhere", `${folder}/broken`);
  for (const name of ["precious", "link", "broken"]) {
    await assertRejects(
      () => listenUnix(`${folder}/${name}`),
      Deno.errors.AddrInUse,
    );
  }
  assertEquals(Deno.readTextFileSync(path), "data");
  assertEquals([...Deno.readDirSync(folder)].length, 3);
});

testUnix(
  "says that there is no such folder",
  async (folder) => {
    await assertRejects(
      () => listenUnix(`${folder}/no/a.sock`),
      Deno.errors.NotFound,
    );
  },
);

const TAKEN: [what: string, take: (path: string) => Disposable | void][] = [
  [
    "another program's socket",
    (path) => Deno.listen({ transport: "unix", path }),
  ],
  ["a file", (path) => Deno.writeTextFileSync(path, "theirs")],
  ["a link", (path) => Deno.symlinkSync("/nowhere", path)],
];

for (const [what, take] of TAKEN) {
  testUnix(`leaves ${what} that has taken the path`, async (folder) => {
    const path = `${folder}/a.sock`;
    const listener = await listenUnix(path);
    Deno.removeSync(path);
    using _theirs = take(path) ?? { [Symbol.dispose]() {} };
    const { ino } = Deno.lstatSync(path);
    listener[Symbol.dispose]();
    assertEquals(Deno.lstatSync(path).ino, ino);
  });
}

testUnix(
  "takes a path of the length that an option may have",
  async (folder) => {
    const path = `${folder}/${"x".repeat(102 - folder.length)}`;
    assertEquals(path.length, 103);
    using _listener = await listenUnix(path);
    (await connect(path)).close();
  },
);
