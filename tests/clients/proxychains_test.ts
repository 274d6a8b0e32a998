import { assertEquals, assertNotEquals } from "@std/assert";
import {
  makeFolder,
  onlyConnection,
  run,
  type RunResult,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";

const PAGE = "through the proxy";

interface Chained {
  proxychains4: string;
  curl: string;
  proxy: TestProxy;
  url: string;
}

/** Lets curl, which does not know of a proxy, load a page through one. */
async function curlChained(
  { proxychains4, curl, proxy, url }: Chained,
): Promise<RunResult> {
  await using folder = await makeFolder();
  const config = `${folder.path}/proxychains.conf`;
  await Deno.writeTextFile(
    config,
    [
      "strict_chain",
      "proxy_dns",
      "[ProxyList]",
      `socks5 127.0.0.1 ${proxy.addr.port} alice secret`,
      "",
    ].join("\n"),
  );
  const command = [curl, "-q", "-sS", url];
  return await run(proxychains4, ["-q", "-f", config, ...command]);
}

const CONFIG = { users: [{ name: "alice", password: "secret" }] };

testPrograms({
  name: "proxychains4 takes a program through",
  needs: ["proxychains4", "curl"],
  async fn(paths) {
    await using server = startHttp(() => new Response(PAGE));
    await using proxy = await startTestProxy(CONFIG);
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const { text, stderr } = await curlChained({ ...paths, proxy, url });
    assertEquals(text, PAGE, stderr);
    const { user, target, result } = await onlyConnection(proxy);
    assertEquals(user, "alice");
    assertEquals(target, `127.0.0.1:${server.addr.port}`);
    assertEquals(result, "ok");
  },
});

testPrograms({
  name: "proxychains4 with proxy_dns sends names",
  needs: ["proxychains4", "curl"],
  async fn(paths) {
    await using proxy = await startTestProxy(CONFIG);
    const url = "http://nosuch.invalid/";
    const { code } = await curlChained({ ...paths, proxy, url });
    assertNotEquals(code, 0);
    const { target, result } = await onlyConnection(proxy);
    assertEquals([target, result], ["nosuch.invalid:80", "failed"]);
  },
});
