import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FORWARD_WORDS } from "../../lib/forward/rules.ts";
import { openRules } from "../../lib/serve/target/open_rules.ts";
import { hello, serverNames } from "../support/client_hello.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { rulesOf } from "../support/rules.ts";
import {
  readExactly,
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../support/sockets.ts";

function helloTo(name: string | undefined) {
  return hello({ extensions: name === undefined ? [] : [serverNames(name)] });
}

/** Rules of a relay, what a client asks for, and what is said of it. */
const ROWS: readonly (readonly [
  rules: string,
  name: string | undefined,
  refused: string | undefined,
])[] = [
  ["deny client 127.0.0.0/8", undefined, "Denied by rule --rule 1"],
  ["deny client 192.0.2.0/24", undefined, undefined],
  [
    'allow client 192.0.2.1\ndefault deny message "Not yours"',
    undefined,
    "no rule allows it: Not yours",
  ],
  ["deny user *", undefined, undefined],
  ["deny user -", undefined, "Denied by rule --rule 1"],
  ["deny time 00:00-24:00", undefined, "Denied by rule --rule 1"],
  ["deny not time 00:00-24:00", undefined, undefined],
  ["allow name a.test\ndefault deny", "a.test", undefined],
  ["allow name a.test\ndefault deny", "A.TEST", undefined],
  ["allow name a.test\ndefault deny", "b.test", "no rule allows it"],
  ["allow name a.test\ndefault deny", undefined, "no rule allows it"],
  ["x: deny name *.a.test", "x.a.test", "Denied by rule x"],
];

for (const [lines, name, refused] of ROWS) {
  Deno.test(`forward with ${JSON.stringify(lines)} ${refused === undefined ? "serves" : "refuses"} a client that asks for ${name ?? "nothing"}`, async () => {
    await using echo = startEcho();
    await using relay = await startTestForward([upstreamAt(echo.addr)], {
      rules: { current: rulesOf(lines, { words: FORWARD_WORDS }) },
    });
    using conn = await relay.connect();
    const bytes = helloTo(name);
    await writeAll(conn, bytes);
    if (refused === undefined) {
      const back = await within(5_000, readExactly(conn, bytes.length));
      assertEquals(back, bytes);
      return;
    }
    await within(5_000, readToEnd(conn));
    const [record] = await relay.whenEnded(1);
    assertStringIncludes(record!.reason, refused);
    assertEquals(record!.result, "refused");
    assertEquals(echo.accepted, 0);
  });
}

Deno.test("forward only reports what its rules would deny", async () => {
  await using echo = startEcho();
  const rules = rulesOf("x: deny client 127.0.0.1", {
    words: FORWARD_WORDS,
    isReport: true,
  });
  await using relay = await startTestForward([upstreamAt(echo.addr)], {
    rules: { current: rules },
  });
  using conn = await relay.connect();
  await writeAll(conn, "ping");
  await within(5_000, readExactly(conn, 4));
  conn.close();
  const [record] = await relay.whenEnded(1);
  assertEquals([record!.result, record!.wouldDeny?.rule], ["ok", "x"]);
});

Deno.test("forward cuts the tunnels that a change of its rules refuses", async () => {
  await using echo = startEcho();
  const rules = { current: rulesOf("allow", { words: FORWARD_WORDS }) };
  await using relay = await startTestForward([upstreamAt(echo.addr)], {
    rules,
    onChange: "cut",
  });
  using conn = await relay.connect();
  await writeAll(conn, "ping");
  await within(5_000, readExactly(conn, 4));
  rules.current = rulesOf("x: deny client 127.0.0.1", { words: FORWARD_WORDS });
  await relay.relay.sessions!.review();
  await within(5_000, readToEnd(conn));
  const [record] = await relay.whenEnded(1);
  assertEquals(
    [record!.result, record!.rule, record!.reason],
    ["cut", "x", "revoked: Denied by rule x"],
  );
});

Deno.test("forward takes no rules on what its configuration decides", async () => {
  for (const word of ["port 1", "to private", "command udp", "via direct"]) {
    const options = {
      rule: [`deny ${word}`],
      rules: undefined,
      "rules-mode": "enforce" as const,
    };
    await assertRejects(
      () => openRules(options, () => {}, { words: FORWARD_WORDS }),
      Error,
      "expected a condition (client, user, listener, name, day, time, zone, message)",
    );
  }
});
