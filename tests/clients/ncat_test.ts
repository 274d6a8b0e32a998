import { assertEquals } from "@std/assert";
import { onlyConnection, runOk, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { startEcho } from "../support/sockets.ts";

const LINE = "through the proxy\n";

testPrograms({
  name: "ncat --proxy-type socks5 carries both directions to their ends",
  needs: ["ncat"],
  async fn({ ncat }) {
    await using echo = startEcho();
    await using proxy = await startTestProxy();
    const answer = await runOk(ncat, [
      ...["--proxy-type", "socks5", "--proxy", `127.0.0.1:${proxy.addr.port}`],
      ...["127.0.0.1", `${echo.addr.port}`],
    ], { stdin: LINE });
    assertEquals(answer, LINE);
    const { target, sent, received, endedFirst, result } = await onlyConnection(
      proxy,
    );
    assertEquals(target, `127.0.0.1:${echo.addr.port}`);
    assertEquals([sent, received], [LINE.length, LINE.length]);
    assertEquals([endedFirst, result], ["client", "ok"]);
  },
});

testPrograms({
  name: "ncat --proxy-auth authenticates",
  needs: ["ncat"],
  async fn({ ncat }) {
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      users: [{ name: "alice", password: "secret" }],
    });
    const answer = await runOk(ncat, [
      ...["--proxy-type", "socks5", "--proxy", `127.0.0.1:${proxy.addr.port}`],
      ...["--proxy-auth", "alice:secret"],
      ...["127.0.0.1", `${echo.addr.port}`],
    ], { stdin: LINE });
    assertEquals(answer, LINE);
    const { user, result } = await onlyConnection(proxy);
    assertEquals([user, result], ["alice", "ok"]);
  },
});
