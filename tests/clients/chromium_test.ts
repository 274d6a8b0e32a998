import { assertEquals, assertStringIncludes } from "@std/assert";
import { BROWSER_OPTIONS } from "../support/browser.ts";
import {
  makeFolder,
  run,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { within } from "../support/sockets.ts";

/** A page whose title comes with a second request. */
function servePage({ url }: Request): Response {
  return new URL(url).pathname === "/script.js"
    ? new Response("document.title = 'through ' + 'the proxy';")
    : new Response("<title>?</title><script src=script.js></script>", {
      headers: { "content-type": "text/html" },
    });
}

testPrograms({
  name: "chromium --proxy-server=socks5:// loads a page",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": chromium }) {
    await using folder = await makeFolder();
    await using server = startHttp(servePage);
    await using proxy = await startTestProxy();
    const target = `localhost:${server.addr.port}`;
    const { text, stderr } = await run(chromium, [
      ...BROWSER_OPTIONS,
      `--user-data-dir=${folder.path}`,
      `--proxy-server=socks5://127.0.0.1:${proxy.addr.port}`,
      // Only loopback goes through, which by default would go past.
      "--proxy-bypass-list=*;<-loopback>",
      ...["--dump-dom", `http://${target}/`],
    ], { env: { HOME: folder.path } });
    assertStringIncludes(text, "<title>through the proxy</title>", stderr);
    // It opens one or two connections more than it needs.
    let events = proxy.ended;
    while (!events.some(({ received }) => received > 0)) {
      events = await within(10_000, proxy.whenEnded(events.length + 1));
    }
    assertEquals(new Set(events.map((event) => event.target)).size, 1);
    assertEquals(events[0]!.target, target);
  },
});
