import { assert, assertEquals } from "@std/assert";
import { openPage, type TestPage } from "../support/browser.ts";
import { assertFree } from "../support/free_port.ts";
import { startTestHub } from "../support/hub.ts";
import { testPrograms } from "../support/programs.ts";

/** A folder for pictures of the page, for who wants to look at it. */
const PICTURES = Deno.env.get("SLUICE_PICTURES");

const ATTACK = "<img src=x onerror=\"document.title='broken'\"><b>bold</b>";

/** Entries of the log as text. */
const ENTRIES =
  "[...document.querySelectorAll('#log li')].map((e) => e.innerText)";

async function picture(page: TestPage, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  for (const value of ["light", "dark"]) {
    await page.call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value }],
    });
    const { data } = await page.call("Page.captureScreenshot");
    const bytes = Uint8Array.fromBase64(data as string);
    await Deno.writeFile(`${PICTURES}/${name}-${value}.png`, bytes);
  }
}

testPrograms({
  name:
    "the hub's page shows what others say, as text, and sends what is typed",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": path }) {
    await using hub = await startTestHub();
    using tcp = await hub.join();
    const at = `http://127.0.0.1:${hub.web.port}/`;
    await using page = await openPage(path, at);
    assert(
      await page.waitFor(
        "document.querySelector('#status')?.innerText === 'Connected'",
      ),
    );

    await tcp.say("hello from TCP");
    await tcp.say(ATTACK);
    assert(
      await page.waitFor("document.querySelectorAll('#log li').length === 3"),
    );
    assertEquals(await page.evaluate(ENTRIES), [
      "You are guest-2 in lobby",
      "guest-1 hello from TCP",
      `guest-1 ${ATTACK}`,
    ]);
    const markup =
      "document.querySelectorAll('#log img, #log li > :not(b)').length";
    assertEquals(await page.evaluate(markup), 0);
    assertEquals(await page.evaluate("document.title"), "Sluice hub");

    // By keyboard alone: the field has the focus from the start.
    await page.type("/name Zoë");
    assertEquals(await tcp.hear(), "* Zoë is here");
    await page.type("hello from the page");
    assertEquals(await tcp.hear(), "hello from the page");
    await page.type(ATTACK);
    assertEquals(await tcp.hear(), ATTACK);
    assertEquals(await page.evaluate(markup), 0);
    assertEquals(
      await page.evaluate("document.querySelector('#text').value"),
      "",
    );
    await picture(page, "hub");
    assertEquals(page.complaints, []);
  },
});

testPrograms({
  name: "the hub's page connects again when the hub has come back",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": path }) {
    const first = await startTestHub();
    const { port } = first.web;
    await using page = await openPage(path, `http://127.0.0.1:${port}/`);
    const status = "document.querySelector('#status')?.innerText";
    assert(await page.waitFor(`${status} === 'Connected'`));
    assertEquals(await first.hub.shutdown(5_000), 0);
    assert(
      await page.waitFor(`${status}.startsWith('Not connected; next try')`),
    );
    await picture(page, "hub-lost");
    assertFree({ hostname: "127.0.0.1", port });
    const web = [{ host: "127.0.0.1", port }];
    await using second = await startTestHub({ web });
    assert(await page.waitFor(`${status} === 'Connected'`));
    using tcp = await second.join();
    await tcp.say("back again");
    assert(await page.waitFor(`${ENTRIES}.at(-1).endsWith(' back again')`));
    const said: string[] = await page.evaluate(ENTRIES);
    assert(said.includes("The hub is shutting down"), said.join());
  },
});
