import { assert, assertEquals, assertRejects } from "@std/assert";
import { openQuotaFile } from "../../../lib/serve/limits/quota_file.ts";
import { StartError, UsageError } from "../../../lib/cli/usage_error.ts";
import type { LogEvent } from "../../../lib/observe/log_event.ts";
import { DailyQuota } from "../../../lib/policy/limits/daily_quota.ts";
import { startProxy } from "../../support/proxy.ts";

/** A folder of a test; removed when disposed of. */
async function makeFolder() {
  const path = await Deno.makeTempDir();
  return {
    path,
    file: `${path}/quota.json`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

const silent = () => {};

Deno.test("openQuotaFile() keeps the count over a restart", async () => {
  await using folder = await makeFolder();
  const before = new DailyQuota(100);
  const first = await openQuotaFile(folder.file, before, silent);
  before.add("alice", 60);
  before.add("__proto__", 5);
  await first.close();
  await first.close();
  const after = new DailyQuota(100);
  const second = await openQuotaFile(folder.file, after, silent);
  assertEquals(after.state, before.state);
  after.add("alice", 40);
  assertEquals(after.refusal("alice")?.limit, "quota");
  await second.close();
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names, ["quota.json"]);
});

Deno.test("openQuotaFile() makes a file that only its owner reads", async () => {
  await using folder = await makeFolder();
  const file = await openQuotaFile(folder.file, new DailyQuota(1), silent);
  await file.close();
  const { mode } = await Deno.stat(folder.file);
  assertEquals(mode! & 0o777, 0o600);
});

Deno.test("openQuotaFile() starts at 0 when the file is of another day", async () => {
  await using folder = await makeFolder();
  const old = { day: "2001-01-01", bytes: { alice: 99 } };
  await Deno.writeTextFile(folder.file, JSON.stringify(old));
  const quota = new DailyQuota(100);
  const file = await openQuotaFile(folder.file, quota, silent);
  assertEquals(quota.state.bytes, {});
  await file.close();
});

Deno.test("openQuotaFile() refuses a broken file and leaves it as it is", async () => {
  await using folder = await makeFolder();
  const texts = [
    "",
    "{",
    "null",
    "[]",
    "1",
    "{}",
    '{"day":"2030-01-01"}',
    '{"day":"today","bytes":{}}',
    '{"day":20300101,"bytes":{}}',
    '{"day":"2030-01-01","bytes":[]}',
    '{"day":"2030-01-01","bytes":null}',
    '{"day":"2030-01-01","bytes":{"alice":-1}}',
    '{"day":"2030-01-01","bytes":{"alice":1.5}}',
    '{"day":"2030-01-01","bytes":{"alice":"1"}}',
    '{"day":"2030-01-01","bytes":{"alice":1e300}}',
  ];
  for (const text of texts) {
    await Deno.writeTextFile(folder.file, text);
    const { message } = await assertRejects(
      () => openQuotaFile(folder.file, new DailyQuota(1), silent),
      StartError,
      "repair it, or remove it to count from 0",
      text,
    );
    assert(message.startsWith(`Cannot read quota file ${folder.file}: `));
    assertEquals(await Deno.readTextFile(folder.file), text);
  }
});

Deno.test("openQuotaFile() throws at the start if it cannot read or write", async () => {
  await using folder = await makeFolder();
  const missing = `${folder.path}/none/quota.json`;
  await assertRejects(
    () => openQuotaFile(missing, new DailyQuota(1), silent),
    StartError,
    `Cannot write quota file ${missing}: `,
  );
  await assertRejects(
    () => openQuotaFile(folder.path, new DailyQuota(1), silent),
    StartError,
    `Cannot read quota file ${folder.path}: `,
  );
});

Deno.test("openQuotaFile() warns when it can't write any more", async () => {
  const events: LogEvent[] = [];
  const quota = new DailyQuota(1);
  const folder = await makeFolder();
  const log = (event: LogEvent) => events.push(event);
  const file = await openQuotaFile(folder.file, quota, log);
  await folder[Symbol.asyncDispose]();
  quota.add("alice", 1);
  await file.close();
  await file.close();
  assertEquals(events.length, 1);
  const event = events[0]!;
  assert(event.event === "message" && event.level === "warning");
  assert(event.message.startsWith(`Cannot write quota file ${folder.file}: `));
});

Deno.test("startProxy() writes the quota file no more when it can't start", async () => {
  await using folder = await makeFolder();
  const limits = { quotaPerUser: 1, quotaFile: folder.file };
  const users = [{ name: "alice", password: "secret" }];
  const listen = [{ host: "203.0.113.7", port: 1 }];
  await assertRejects(() => startProxy({ listen, users, limits }), StartError);
  const open = { listen: [{ host: "127.0.0.1", port: 0 }], limits };
  await assertRejects(() => startProxy(open), UsageError);
});
