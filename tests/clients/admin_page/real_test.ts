import { assert, assertEquals, assertLess } from "@std/assert";
import axe from "axe-core/axe.min.js" with { type: "text" };
import { startTestAdmin, watched } from "../../support/admin.ts";
import {
  click,
  column,
  COUNT,
  filter,
  onOnePage,
  openLive,
  type PageSteps,
  passTicks,
  press,
} from "../../support/admin_browser.ts";
import {
  openBrowser,
  type TestBrowser,
  type TestPage,
} from "../../support/browser.ts";
import { startFakeAdmin } from "../../support/fake_admin.ts";
import { testPrograms } from "../../support/programs.ts";
import { openTunnel, startTestProxy } from "../../support/proxy.ts";
import {
  readToEnd,
  startEcho,
  within,
  writeAll,
} from "../../support/sockets.ts";

/** Milliseconds of a task that a person does not notice. */
const LONG = 50;

/** Whether the page is for everybody, without a mouse and with a reader. */
const FOR_ALL_STEPS: PageSteps = {
  async "is reached by Tab in an order that makes sense"({ page }) {
    const bans = "document.querySelectorAll('#bans-rows button').length";
    assert(await page.waitFor(`${bans} === 3`));
    const stops: string[] = [];
    for (let n = 0; n < 11; n++) {
      await press(page, "Tab", 9);
      stops.push(
        await page.evaluate(
          "document.activeElement.id || document.activeElement.innerText",
        ),
      );
      const outline = "getComputedStyle(document.activeElement.matches(" +
        "'table') ? document.querySelector('th.active') : " +
        "document.activeElement).outlineStyle";
      assert(await page.waitFor(`${outline} === 'solid'`), stops.join());
    }
    assertEquals(stops, [
      ...["Skip to the open tunnels", "5 min", "1 h", "24 h", "theme"],
      ...["reload", "drain"],
      ...["throughput-chart", "connections-chart", "starts-chart", "User"],
    ]);
    // The list is one stop, however long it is.
    await page.evaluate("document.querySelector('#tunnels-filter').focus()");
    stops.length = 0;
    for (let n = 0; n < 8; n++) {
      await press(page, "Tab", 9);
      stops.push(
        await page.evaluate(
          "document.activeElement.id || document.activeElement.innerText",
        ),
      );
    }
    assertEquals(stops, [
      ...["tunnels-csv", "tunnels-json", "tunnels-table"],
      ...["closed-filter", "closed-csv", "closed-json", "closed-table"],
      "Lift",
    ]);
  },

  async "has nothing that axe finds wrong"({ page }) {
    await page.evaluate(axe);
    assertEquals(await violations(page), []);
    await click(page, "#tunnels-table tbody td.column-target");
    assertEquals(await violations(page), []);
    await press(page, "Escape", 27);
    await page.evaluate(`{
      const select = document.querySelector('#tunnels-group');
      select.value = 'user';
      select.dispatchEvent(new Event('change'));
    }`);
    await filter(page, "usr:alice");
    assertEquals(await violations(page), []);
  },
};

/** What the page does with a real server, in whose hands, and how fast. */
const STEPS: Record<string, (browser: TestBrowser) => Promise<void>> = {
  async "shows real tunnels, and kills one: its client sees the end"(browser) {
    await using admin = await startTestAdmin({ eventStep: 50 });
    await using echo = startEcho();
    await using proxy = await startTestProxy({ host: watched(admin.registry) });
    await using page = await openLive(browser, `http://${admin.host}/`);
    using killed = await openTunnel(proxy, echo.addr);
    using kept = await openTunnel(proxy, echo.addr);
    await writeAll(killed, "x".repeat(5_000));
    const target = `127.0.0.1:${echo.addr.port}`;
    assert(await page.waitFor(`${COUNT} === '2'`));
    // A tunnel may be shown before it has its target.
    const both = `${column("target")}.join() === '${target},${target}'`;
    assert(await page.waitFor(both));
    assert(await page.waitFor(`${column("received")}.includes('5.0 kB')`));

    await click(page, "#tunnels-table th.column-received");
    await click(page, "#tunnels-table tbody td.column-action button");
    await click(page, "#question-yes");
    await within(5_000, readToEnd(killed));
    assert(await page.waitFor(`${COUNT} === '1'`));
    const why = column("reason", "closed");
    assert(await page.waitFor(`${why}.length === 1`));
    assertEquals(await page.evaluate(why), ["Ended by the operator"]);
    await writeAll(kept, "still");
    kept.close();
    assert(await page.waitFor(`${why}.length === 2`));
    const first = column("first", "closed");
    assert((await page.evaluate<string[]>(first)).includes("client"));
    assertEquals(page.complaints, []);
  },

  async "takes no long task for 10,000 tunnels of which half are busy"(
    browser,
  ) {
    const ticks = 4;
    await using admin = startFakeAdmin({
      ...{ tunnels: 10_000, changes: 5_000, turnover: 50, tick: 250 },
    });
    await using page = await openLive(browser, admin.url);
    await click(page, "#tunnels-table th.column-rate");
    // Not by the clock of the wall: this machine does other things too.
    await page.call("Performance.enable", { timeDomain: "threadTicks" });
    await passTicks(page, 2);
    const before = await busy(page);
    await passTicks(page, ticks);
    assertLess((await busy(page) - before) / ticks, LONG);
  },
};

testPrograms({
  name: "the admin page in Chromium, as people use it",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": path }, context) {
    await using browser = await openBrowser(path);
    const quiet = { turnover: 0, tunnels: 4 };
    await onOnePage(context, browser, quiet, FOR_ALL_STEPS);
    for (const [name, step] of Object.entries(STEPS)) {
      await context.step(name, () => step(browser));
    }
  },
});

/**
 * What breaks WCAG 2.2 AA or what axe calls best practice, and where. Contrast
 * is slow to look at, and what `tests/admin/page_files_test.ts` works out.
 */
async function violations(page: TestPage): Promise<string[]> {
  // Nobody reads what is right, nor where it is.
  const options = `{
    rules: { 'color-contrast': { enabled: false } },
    resultTypes: ['violations'],
    selectors: false,
  }`;
  return await page.evaluate(`axe.run(document, ${options})
    .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html }) => id + ': ' + html)))`);
}

/** Milliseconds of the processor that scripts and layout have taken. */
async function busy(page: TestPage): Promise<number> {
  const { metrics } = await page.call("Performance.getMetrics") as {
    metrics: { name: string; value: number }[];
  };
  const names = ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"];
  const seconds = metrics.filter(({ name }) => names.includes(name))
    .reduce((sum, { value }) => sum + value, 0);
  return seconds * 1_000;
}
