import { assert, assertEquals, assertRejects } from "@std/assert";
import { initStore } from "../../lib/certs/init_command.ts";
import { issueInto } from "../../lib/certs/issue_command.ts";
import { listStore } from "../../lib/certs/list_command.ts";
import { revokeIn } from "../../lib/certs/revoke_command.ts";
import { CertStore } from "../../lib/certs/store.ts";
import { readCertificate } from "../../lib/certs/info.ts";
import { StartError } from "../../lib/cli/usage_error.ts";
import { makeFolder } from "../support/programs.ts";

const DAY = 86_400_000;

const AUTHORITY = { name: "Test CA", days: 3650, keyKind: "ecdsa" } as const;

const CLIENT = {
  name: "alice",
  days: 365,
  keyKind: "ecdsa",
  servers: [],
  isClient: true,
} as const;

interface TestStore extends AsyncDisposable {
  store: CertStore;
}

/** A directory with an authority. */
function makeStore(): Promise<TestStore> {
  return fillStore((store) => initStore(store, AUTHORITY, false));
}

/** The same files in another directory. */
function copyStore(from: CertStore): Promise<TestStore> {
  return fillStore(async ({ directory }) => {
    await Deno.mkdir(directory, { mode: 0o700 });
    for (const { name } of Deno.readDirSync(from.directory)) {
      await Deno.copyFile(`${from.directory}/${name}`, `${directory}/${name}`);
    }
  });
}

async function fillStore(
  fill: (store: CertStore) => Promise<unknown>,
): Promise<TestStore> {
  const folder = await makeFolder();
  const store = new CertStore(`${folder.path}/certs`);
  await fill(store);
  return {
    store,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** All files of a directory with their contents. */
async function contents({ directory }: CertStore): Promise<string> {
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    texts.push(name, await Deno.readTextFile(`${directory}/${name}`));
  }
  return texts.sort().join("\n");
}

Deno.test({
  name:
    "initStore() and issueInto() restrict keys and directory to their owner",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using made = await makeStore();
    const { store } = made;
    await issueInto(store, CLIENT, false);
    const mode = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
    assertEquals(await mode(store.directory), 0o700);
    assertEquals(await mode(store.path("ca", "key")), 0o600);
    assertEquals(await mode(store.path("alice", "key")), 0o600);
    const names = [];
    for await (const { name } of Deno.readDir(store.directory)) {
      names.push(name);
    }
    assertEquals(names.sort(), [
      ".lock",
      "alice.crt",
      "alice.key",
      "ca.crl",
      "ca.crt",
      "ca.key",
    ]);
  },
});

Deno.test("initStore() and issueInto() overwrite nothing unless forced", async () => {
  await using made = await makeStore();
  const { store } = made;
  await issueInto(store, CLIENT, false);
  const before = await contents(store);
  await assertRejects(
    () => initStore(store, AUTHORITY, false),
    StartError,
    `Cannot write ${store.path("ca", "key")}: it exists; --force`,
  );
  await assertRejects(
    () => issueInto(store, CLIENT, false),
    StartError,
    `Cannot write ${store.path("alice", "key")}: it exists; --force`,
  );
  // One existing file is enough.
  for (const extension of ["key", "crt"] as const) {
    await Deno.writeTextFile(store.path("bob", extension), "mine");
    await assertRejects(
      () => issueInto(store, { ...CLIENT, name: "bob" }, false),
      StartError,
      `bob.${extension}: it exists`,
    );
    assertEquals(
      await Deno.readTextFile(store.path("bob", extension)),
      "mine",
    );
    await Deno.remove(store.path("bob", extension));
  }
  assertEquals(await contents(store), before);
});

Deno.test("initStore() refuses when one of its files exists", async () => {
  await using folder = await makeFolder();
  const store = new CertStore(folder.path);
  for (const extension of ["key", "crt", "crl"] as const) {
    const path = store.path("ca", extension);
    await Deno.writeTextFile(path, "mine");
    await assertRejects(
      () => initStore(store, AUTHORITY, false),
      StartError,
      `Cannot write ${path}: it exists`,
    );
    assertEquals(await Deno.readTextFile(path), "mine");
    await Deno.remove(path);
  }
});

Deno.test("issueInto() returns the certificate that it replaces", async () => {
  await using made = await makeStore();
  const { store } = made;
  const first = await issueInto(store, CLIENT, false);
  assertEquals(first.replaced, undefined);
  const second = await issueInto(store, CLIENT, true);
  assertEquals(second.replaced, first.info);
  await revokeIn(store, second.info.serial);
  const third = await issueInto(store, CLIENT, true);
  assertEquals(third.replaced, undefined);
  const { certificate } = await store.keyedCertificate("alice");
  assertEquals((await readCertificate(certificate)).serial, third.info.serial);
});

Deno.test("issueInto() writes one matching pair when several run", async () => {
  await using made = await makeStore();
  const { store } = made;
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, () => issueInto(store, CLIENT, false)),
  );
  const good = results.filter(({ status }) => status === "fulfilled");
  assertEquals(good.length, 1);
  await store.keyedCertificate("alice"); // The key belongs to the certificate.
  await Promise.all(
    Array.from({ length: 5 }, () => issueInto(store, CLIENT, true)),
  );
  await store.keyedCertificate("alice");
});

Deno.test("revokeIn() loses no entry when several run", async () => {
  await using made = await makeStore();
  const { store } = made;
  const serials = ["11", "22", "33", "44", "55"];
  const results = await Promise.all(
    [...serials, ...serials].map((serial) => revokeIn(store, serial)),
  );
  assertEquals(await store.revoked(), new Set(serials));
  assertEquals(results.filter(({ isRepeated }) => isRepeated).length, 5);
  assertEquals(Math.max(...results.map(({ count }) => count)), 5);
});

Deno.test("CertStore says which file is missing, malformed or wrong", async (t) => {
  const missing = "there is no such file";
  const cases: {
    name: string;
    break: (store: CertStore, other: CertStore) => Promise<unknown>;
    work: (store: CertStore) => Promise<unknown>;
    why: string;
  }[] = [
    {
      name: "no directory",
      break: ({ directory }) => Deno.remove(directory, { recursive: true }),
      work: (store) => issueInto(store, CLIENT, false),
      why: "ca.crt: there is no authority yet; run 'sluice cert init'",
    },
    {
      name: "no authority to list",
      break: (store) => Deno.remove(store.path("ca", "crt")),
      work: (store) => listStore(store, new Date()),
      why: "ca.crt: there is no authority yet; run 'sluice cert init'",
    },
    {
      name: "no authority to revoke with",
      break: (store) => Deno.remove(store.path("ca", "crt")),
      work: (store) => revokeIn(store, "11"),
      why: "ca.crt: there is no authority yet; run 'sluice cert init'",
    },
    {
      name: "no key for the authority",
      break: (store) => Deno.remove(store.path("ca", "key")),
      work: (store) => issueInto(store, CLIENT, true),
      why: `ca.key: ${missing}`,
    },
    {
      name: "a malformed authority",
      break: (store) =>
        Deno.copyFile(store.path("alice", "crt"), store.path("ca", "crt")),
      work: (store) => issueInto(store, CLIENT, true),
      why: "ca.crt: it is not the certificate of an authority",
    },
    {
      name: "the key of another authority",
      break: (store, other) =>
        Deno.copyFile(other.path("ca", "key"), store.path("ca", "key")),
      work: (store) => issueInto(store, CLIENT, true),
      why: "ca.key: the key belongs to another certificate",
    },
    {
      name: "a malformed key",
      break: (store) => Deno.writeTextFile(store.path("ca", "key"), "x"),
      work: (store) => revokeIn(store, "11"),
      why: "ca.key: not a private ECDSA key on P-256 in PEM",
    },
    {
      name: "bytes instead of a certificate",
      break: (store) =>
        Deno.writeFile(store.path("ca", "crt"), new Uint8Array([255, 0, 1])),
      work: (store) => store.authority(),
      why: "ca.crt: not a certificate in PEM",
    },
    {
      name: "a directory instead of a key",
      break: async (store) => {
        await Deno.remove(store.path("ca", "key"));
        await Deno.mkdir(store.path("ca", "key"));
      },
      work: (store) => store.authority(),
      why: "ca.key: it is a folder",
    },
    {
      name: "no such certificate",
      break: () => Promise.resolve(),
      work: (store) => store.keyedCertificate("bob"),
      why: "bob.crt: there is no such file; 'sluice cert list' shows all",
    },
    {
      name: "a certificate of another authority",
      break: (store) => initStore(store, AUTHORITY, true),
      work: (store) => store.keyedCertificate("alice"),
      why: "alice.crt: another authority issued it",
    },
    {
      name: "no key",
      break: (store) => Deno.remove(store.path("alice", "key")),
      work: (store) => store.keyedCertificate("alice"),
      why: `alice.key: ${missing}`,
    },
    {
      name: "the key of another certificate",
      break: (store) =>
        Deno.copyFile(store.path("ca", "key"), store.path("alice", "key")),
      work: (store) => store.keyedCertificate("alice"),
      why: "alice.key: the key belongs to another certificate",
    },
    {
      name: "no revocation list",
      break: (store) => Deno.remove(store.path("ca", "crl")),
      work: (store) => revokeIn(store, "11"),
      why: `ca.crl: ${missing}; restore it`,
    },
    {
      name: "a malformed revocation list",
      break: (store) => Deno.writeTextFile(store.path("ca", "crl"), "x"),
      work: (store) => listStore(store, new Date()),
      why: "ca.crl: not a revocation list in PEM",
    },
    {
      name: "the revocation list of another authority",
      break: (store, other) =>
        Deno.copyFile(other.path("ca", "crl"), store.path("ca", "crl")),
      work: (store) => revokeIn(store, "11"),
      why: "ca.crl: the revocation list belongs to another authority",
    },
  ];
  await using other = await makeStore();
  await using whole = await makeStore();
  await issueInto(whole.store, CLIENT, false);
  for (const { name, break: breakIt, work, why } of cases) {
    await t.step(name, async () => {
      await using made = await copyStore(whole.store);
      const { store } = made;
      const secrets = [
        await Deno.readTextFile(store.path("ca", "key")),
        await Deno.readTextFile(store.path("alice", "key")),
        await Deno.readTextFile(other.store.path("ca", "key")),
      ].join("\n").split("\n").filter((line) => line.length > 0);
      await breakIt(store, other.store);
      const error = await assertRejects(() => work(store), StartError, why);
      const shown = Deno.inspect(error) + Deno.inspect(error.cause);
      assert(!secrets.some((line) => shown.includes(line)), shown);
    });
  }
});

Deno.test("listStore() returns the status of each certificate", async () => {
  await using made = await makeStore();
  const { store } = made;
  const now = new Date();
  const from = (days: number) => new Date(+now + days * DAY + 60_000);
  const names = ["localhost", new Uint8Array([127, 0, 0, 1]), "a.example"];
  const settings = [
    { ...CLIENT, name: "bob@example.com" },
    { ...CLIENT, name: "long", servers: names, isClient: false },
    { ...CLIENT, name: "both", servers: ["localhost"] },
    { ...CLIENT, name: "soon", days: 29 },
    { ...CLIENT, name: "month", days: 30 },
    { ...CLIENT, name: "gone", from: from(-20), days: 10 },
    { ...CLIENT, name: "later", from: from(10), days: 10 },
    {
      ...CLIENT,
      name: "many",
      isClient: false,
      servers: Array.from({ length: 9 }, (_, n) => `host${n}.example`),
    },
  ];
  for (const setting of settings) {
    await issueInto(store, { from: from(0), ...setting }, false);
  }
  const alice = { ...CLIENT, days: 9, from: from(0) };
  const { info } = await issueInto(store, alice, false);
  await revokeIn(store, info.serial);
  await Deno.writeTextFile(store.path("broken", "crt"), "x");
  await Deno.writeTextFile(store.path("\x1b[31m\nred", "crt"), "x");
  await Deno.mkdir(store.path("folder", "crt"));
  const [headings, authority, ...rows] = await listStore(store, now);
  assertEquals(headings, ["NAME", "FOR", "EXPIRES", "DAYS LEFT", "STATUS"]);
  assertEquals(authority!.slice(0, 2), ["ca", "authority 'Test CA'"]);
  assertEquals(authority![4], "valid");
  const short = rows.map(([name, purpose, , days, status]) =>
    [name, purpose, days, status].join(" | ")
  );
  assertEquals(short, [
    "\\u001b[31m\\u000ared |  |  | not a certificate",
    "alice | a client | 9 | revoked",
    "bob@example.com | a client | 365 | valid",
    "both | localhost; a client | 365 | valid",
    "broken |  |  | not a certificate",
    "folder |  |  | unreadable",
    "gone | a client | 0 | expired",
    "later | a client | 20 | not yet valid",
    "long | localhost, 127.0.0.1, a.example | 365 | valid",
    "many | host0.example, host1.example and 7 more | 365 | valid",
    "month | a client | 30 | valid",
    "soon | a client | 29 | expires soon",
  ]);
  await initStore(store, AUTHORITY, true);
  const after = await listStore(store, now);
  const found = after.find(([name]) => name === "alice");
  assertEquals(found!.at(-1), "of another authority");
});
