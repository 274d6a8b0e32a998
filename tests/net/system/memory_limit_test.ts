import { assertEquals } from "@std/assert";
import {
  type MemoryLimit,
  readMemoryLimit,
} from "../../../lib/net/system/memory_limit.ts";
import { makeFolder } from "../../support/programs.ts";

const MB = 1_000_000;

/** What version 1 says where there is no limit. */
const UNLIMITED = "9223372036854771712";

interface Case {
  name: string;
  /** `/proc/self/cgroup`. */
  groups: string;
  /** Files below `/sys/fs/cgroup`. */
  files: Record<string, string>;
  want: MemoryLimit | undefined;
}

const STAT_2 = `anon ${20 * MB}
file ${30 * MB}
inactive_file ${10 * MB}
active_file ${5 * MB}
slab_reclaimable ${1 * MB}
`;

const STAT_1 = `cache ${30 * MB}
rss ${20 * MB}
total_inactive_file ${10 * MB}
total_active_file ${6 * MB}
`;

const CASES: Case[] = [
  {
    name: "version 2, as in a unit of systemd",
    groups: "0::/system.slice/sluice.service\n",
    files: {
      "system.slice/sluice.service/memory.max": `${64 * MB}\n`,
      "system.slice/sluice.service/memory.high": "max\n",
      "system.slice/sluice.service/memory.current": `${40 * MB}\n`,
      "system.slice/sluice.service/memory.stat": STAT_2,
    },
    want: { limit: 64 * MB, used: 24 * MB },
  },
  {
    name: "version 2, a lower limit above",
    groups: "0::/a/b\n",
    files: {
      "memory.max": "max\n",
      "a/memory.max": `${64 * MB}\n`,
      "a/memory.current": `${50 * MB}\n`,
      "a/memory.stat": "",
      "a/b/memory.max": `${96 * MB}\n`,
      "a/b/memory.current": `${20 * MB}\n`,
      "a/b/memory.stat": "",
    },
    want: { limit: 64 * MB, used: 50 * MB },
  },
  {
    name: "version 2, a limit at which the system slows down",
    groups: "0::/a\n",
    files: {
      "a/memory.max": `${64 * MB}\n`,
      "a/memory.high": `${48 * MB}\n`,
      "a/memory.current": `${20 * MB}\n`,
    },
    want: { limit: 48 * MB, used: 20 * MB },
  },
  {
    name: "version 2, in a container that sees the path of the host",
    groups: "0::/kubepods/pod1/container2\n",
    files: { "memory.max": `${64 * MB}\n`, "memory.current": "0\n" },
    want: { limit: 64 * MB, used: 0 },
  },
  {
    name: "version 2, in a container with a root of its own",
    groups: "0::/\n",
    files: { "memory.max": `${64 * MB}\n`, "memory.current": `${MB}\n` },
    want: { limit: 64 * MB, used: MB },
  },
  {
    name: "version 2, without a limit",
    groups: "0::/a\n",
    files: { "a/memory.max": "max\n", "a/memory.current": `${MB}\n` },
    want: undefined,
  },
  {
    name: "version 1",
    groups: "5:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/docker/1\n",
    files: {
      "memory/memory.limit_in_bytes": `${UNLIMITED}\n`,
      "memory/docker/memory.limit_in_bytes": `${UNLIMITED}\n`,
      "memory/docker/1/memory.limit_in_bytes": `${64 * MB}\n`,
      "memory/docker/1/memory.usage_in_bytes": `${36 * MB}\n`,
      "memory/docker/1/memory.stat": STAT_1,
    },
    want: { limit: 64 * MB, used: 20 * MB },
  },
  {
    name: "version 1, mounted together with another, in a container",
    groups: "4:blkio,memory:/docker/1\n",
    files: {
      "memory/memory.limit_in_bytes": `${64 * MB}\n`,
      "memory/memory.usage_in_bytes": `${MB}\n`,
    },
    want: { limit: 64 * MB, used: MB },
  },
  {
    name: "version 1, without a limit",
    groups: "4:memory:/a\n",
    files: { "memory/a/memory.limit_in_bytes": `${UNLIMITED}\n` },
    want: undefined,
  },
  {
    name: "a limit without figures of memory in use",
    groups: "0::/a\n",
    files: { "a/memory.max": `${64 * MB}\n` },
    want: { limit: 64 * MB, used: 0 },
  },
  {
    name: "figures that make no sense",
    groups: "0::/a\n",
    files: {
      "a/memory.max": `${64 * MB}\n`,
      "a/memory.current": `${MB}\n`,
      "a/memory.stat": `inactive_file ${9 * MB}\nactive_file\n\n`,
    },
    want: { limit: 64 * MB, used: 0 },
  },
  {
    name: "a file that is no number",
    groups: "0::/a\n",
    files: { "a/memory.max": "many\n" },
    want: undefined,
  },
  { name: "groups without memory", groups: "", files: {}, want: undefined },
];

for (const { name, groups, files, want } of CASES) {
  Deno.test({
    name: `readMemoryLimit() reads ${name}`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using folder = await makeFolder();
      const root = `${folder.path}/cgroup`;
      for (const [path, text] of Object.entries(files)) {
        const file = `${root}/${path}`;
        await Deno.mkdir(file.replace(/\/[^/]*$/, ""), { recursive: true });
        await Deno.writeTextFile(file, text);
      }
      const own = `${folder.path}/groups`;
      await Deno.writeTextFile(own, groups);
      assertEquals(readMemoryLimit({ root, groups: own }), want);
    },
  });
}

Deno.test("readMemoryLimit() returns none without the files", () => {
  const nowhere = { root: "/no/such", groups: "/no/such/file" };
  assertEquals(readMemoryLimit(nowhere), undefined);
});

Deno.test({
  name: "readMemoryLimit() returns none without the permission to read",
  permissions: { read: false },
  fn() {
    assertEquals(readMemoryLimit(), undefined);
  },
});
