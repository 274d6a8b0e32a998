import { assertEquals } from "@std/assert";
import { startTestAdmin, watched } from "../support/admin.ts";
import { hello, serverNames } from "../support/client_hello.ts";
import { nameRequest } from "../support/dialogue.ts";
import { parseFigures } from "../support/figures.ts";
import { greet, readReply, startTestProxy } from "../support/proxy.ts";
import { answering, rulesOf } from "../support/rules.ts";
import { readToEnd, startEcho, within, writeAll } from "../support/sockets.ts";

for (const checkNames of ["report", "require"] as const) {
  Deno.test(`closedOf() has both names of a mismatch with --check-names ${checkNames}`, async () => {
    await using admin = await startTestAdmin();
    await using echo = startEcho();
    await using test = await startTestProxy({
      host: watched(admin.registry),
      checkNames,
      rules: { current: rulesOf("allow") },
      names: answering(["127.0.0.1"]).names,
    });
    using conn = await test.connect();
    await greet(conn);
    await writeAll(conn, nameRequest("a.test", echo.addr.port));
    assertEquals((await readReply(conn)).reply, 0);
    await writeAll(conn, hello({ extensions: [serverNames("b.test")] }));
    await conn.closeWrite();
    await within(5_000, readToEnd(conn));
    await within(5_000, test.whenEnded(1));
    const [row] = (await admin.get("/api/closed")).closed;
    const why =
      "name-mismatch: the server name is b.test, but a.test was asked for";
    const isRefused = checkNames === "require";
    assertEquals(
      [row.target, row.name, isRefused ? row.reason : row.wouldDeny],
      [`a.test:${echo.addr.port}`, "b.test", why],
    );
    const figures = parseFigures((await admin.ask("GET", "/metrics")).text);
    const listener = test.proxy.listeners[0]!.name;
    const name = isRefused ? "refusals" : "would_deny";
    assertEquals(
      figures.get(
        `sluice_${name}_total{listener="${listener}",reason="name-mismatch"}`,
      ),
      1,
    );
  });
}
