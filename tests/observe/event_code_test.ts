import { assert, assertEquals } from "@std/assert";
import { END_CODES, REFUSAL_CODES } from "../../lib/observe/connection_code.ts";
import { EVENT_CODES } from "../../lib/observe/event_code.ts";
import { MESSAGE_CODES } from "../../lib/observe/message_code.ts";
import { Sluice } from "../support/sluice.ts";
import { tryPassword } from "../support/users.ts";

const CODES = {
  ban: EVENT_CODES,
  connection: { ...END_CODES, ...REFUSAL_CODES },
  listening: EVENT_CODES,
  message: MESSAGE_CODES,
};

Deno.test({
  name: "every line of the JSON log has a code of its kind of event",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sluice = new Sluice(
      ...["--log", "json", "--user", "alice:secret", "--ban-after", "1"],
    );
    const listening = JSON.parse(await sluice.line(/"event":"listening"/));
    using conn = await Deno.connect({
      hostname: listening.host,
      port: listening.port,
    });
    assertEquals(await tryPassword(conn, "alice", "wrong"), 1);
    await sluice.line(/"event":"ban"/);
    await sluice.line(/"event":"connection"/);
    sluice.kill("SIGTERM");
    await sluice.code();
    const events = sluice.lines.filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    for (const { event, code } of events) {
      assert(Object.hasOwn(CODES[event as keyof typeof CODES], code), code);
    }
    assertEquals(
      new Set(events.map(({ event }) => event)),
      new Set(Object.keys(CODES)),
    );
  },
});
