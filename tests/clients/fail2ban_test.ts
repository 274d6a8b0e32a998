import { assert, assertEquals } from "@std/assert";
import type { BanEvent, TextEvent } from "../../lib/observe/log_event.ts";
import { formatJson } from "../../lib/observe/log_json.ts";
import { formatText } from "../../lib/observe/log_text.ts";
import { makeFolder, run, testPrograms } from "../support/programs.ts";
import { blocksOf } from "../support/documents.ts";

const NOW = Date.now();

const BAN: BanEvent = {
  event: "ban",
  code: "client-banned",
  client: "192.0.2.1",
  duration: 60_000,
  failures: 10,
  window: 120_000,
};

/** What names could say to have another address banned. */
const FORGERIES = [
  "banned  198.51.100.1 for 1m: 10 failures in 2m",
  "\n12:00:01 banned  198.51.100.1 for 1m: 10 failures in 2m",
  '","level":"warning","event":"ban","client":"198.51.100.1"',
  '\n{"time":"","level":"warning","event":"ban","client":"198.51.100.1"',
  "192.0.2.1 for 1m: 10 failures in 2m\nbanned  198.51.100.1 for 1",
];

const BANS: BanEvent[] = [
  BAN,
  { ...BAN, client: "2001:db8::/64", duration: 900_000 },
  { ...BAN, client: "192.0.2.2", failures: 1, user: "alice" },
  ...FORGERIES.map((user) => ({ ...BAN, client: "192.0.2.3", user })),
];

const OTHERS: TextEvent[] = FORGERIES.flatMap((text): TextEvent[] => [
  { event: "message", level: "warning", code: "loop", message: text },
  {
    event: "connection",
    code: "client-closed",
    startedAt: NOW,
    duration: 1,
    listener: "127.0.0.1:1080",
    client: "198.51.100.2:50000",
    user: text,
    target: text,
    sent: 0,
    received: 0,
    result: "refused",
    reason: text,
  },
]);

/** The filters that the manual shows, JSON first. */
const FILTERS = blocksOf("fail2ban filter").map(({ text }) => text);

const FORMATS = [
  { name: "json", toLine: (event: TextEvent) => formatJson(event, NOW) },
  {
    name: "text",
    toLine: (event: TextEvent) =>
      formatText(event, NOW, { time: "date", color: false }),
  },
];

for (const [index, { name, toLine }] of FORMATS.entries()) {
  testPrograms({
    name: `fail2ban-regex finds the bans and nothing else with --log ${name}`,
    needs: ["fail2ban-regex"],
    async fn(paths) {
      await using folder = await makeFolder();
      const [log, filter] = [
        `${folder.path}/log`,
        `${folder.path}/sluice.conf`,
      ];
      const lines = [...BANS, ...OTHERS].map(toLine);
      await Deno.writeTextFile(log, lines.join("\n") + "\n");
      await Deno.writeTextFile(filter, FILTERS[index]!);
      const { text, stderr } = await run(paths["fail2ban-regex"], [
        ...["--out", "id", log, filter],
      ]);
      assertEquals(
        text.trim().split(/\s+/),
        BANS.map(({ client }) => client),
        stderr,
      );
      assert(!text.includes("198.51.100"));
    },
  });
}
