import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  click,
  COUNT,
  openLive,
  picture,
} from "../../support/admin_browser.ts";
import {
  assertNoLongTask,
  openBrowser,
  type TestPage,
} from "../../support/browser.ts";
import { startFakeAdmin } from "../../support/fake_admin.ts";
import { testPrograms } from "../../support/programs.ts";

/** Rows of the card. */
const ROWS = "[...document.querySelectorAll('#fleet-rows tr')]";

const CHOSEN = "document.querySelector('#fleet [aria-pressed=true]').innerText";

/** Chooses a node, and waits until the page shows it. */
async function choose(page: TestPage, n: number): Promise<void> {
  await page.evaluate(`${ROWS}[${n}].querySelector('button').click()`);
  const isShown = `document.querySelector('#host').innerText
    .includes('node-${n}')`;
  assert(await page.waitFor(isShown), `node-${n} is not shown`);
}

/** Text of an element. */
function text(selector: string): string {
  return `document.querySelector('${selector}').innerText`;
}

/** Whether an element can be seen. */
function seen(selector: string): string {
  return `document.querySelector('${selector}')?.checkVisibility() ?? false`;
}

testPrograms({
  name: "the admin page in Chromium shows a fleet, and acts on its nodes",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": path }, context) {
    await using browser = await openBrowser(path);
    await context.step(
      "20 nodes and 20,000 tunnels, no long task",
      async () => {
        await using admin = startFakeAdmin({ nodes: 19, tunnels: 20_000 });
        await using page = await openLive(browser, admin.url);
        assert(await page.waitFor(`${ROWS}.length === 20`));
        await assertNoLongTask(page, 16, async () => {
          await choose(page, 7);
          assert(await page.waitFor(`/^1,?000/.test(${COUNT})`));
          await choose(page, 8);
          await click(page, "#fleet-back");
          assert(await page.waitFor(`${text("#host")}.includes('node-0')`));
          assert(await page.waitFor(`/^(19|20),?\\d{3}/.test(${COUNT})`));
        });
        assertEquals(page.complaints, []);
      },
    );

    await context.step(
      "what is done names the node and goes to it",
      async () => {
        await using admin = startFakeAdmin({ nodes: 4, turnover: 0 });
        await using page = await openLive(browser, admin.url);
        assert(await page.waitFor(`${ROWS}.length === 5`));
        assertEquals(await page.evaluate(CHOSEN), "node-0");
        const states = await page.evaluate<string[]>(
          `${ROWS}.map((row) => row.children[1].innerText)`,
        );
        assertEquals(states.slice(0, 4), [
          ...["Serves", "Serves", "Serves", "Draining"],
        ]);
        assertMatch(states[4]!, /^Lost for 8/);
        assert(
          await page.evaluate(`${ROWS}[4].querySelector('button').disabled`),
        );
        await picture(page, "admin-fleet");

        await choose(page, 2);
        assertEquals(await page.evaluate(CHOSEN), "node-2");
        assertEquals(await page.evaluate(seen("#reload")), false);
        await click(page, "#tunnels-table td.column-action button");
        assertMatch(
          await page.evaluate(text("#question-title")),
          /^Kill tunnel \d+ on node node-2\?$/,
        );
        await click(page, "#question-yes");
        assert(await page.waitFor(`!document.querySelector('#question').open`));
        await click(page, "#bans-rows .column-action button");
        assertMatch(
          await page.evaluate(text("#question-title")),
          /^Lift the ban of \S+ on node node-2\?$/,
        );
        await click(page, "#question-yes");
        assert(await page.waitFor(`!document.querySelector('#question').open`));
        await click(page, "#drain");
        assertEquals(
          await page.evaluate(text("#question-title")),
          "Drain and shut down on node node-2?",
        );
        await click(page, "#question-yes");
        assert(await page.waitFor(seen("#draining")));
        const asked = admin.calls.map(({ method, path }) =>
          `${method} ${path.replace(/\/\d[^/?]*/, "/N")}`
        );
        assertEquals(asked, [
          "DELETE /api/tunnels/N?node=node-2",
          asked[1]!,
          "POST /api/drain?node=node-2",
        ]);
        assertMatch(
          asked[1]!,
          /^DELETE \/api\/bans\/\S+\?kind=\w+&node=node-2$/,
        );
        assertEquals(page.complaints, []);
      },
    );

    await context.step(
      "an observer has no buttons for other nodes",
      async () => {
        const role = "observer";
        await using admin = startFakeAdmin({ nodes: 4, role, turnover: 0 });
        await using page = await openLive(browser, admin.url);
        assert(await page.waitFor(`${ROWS}.length === 5`));
        const kill = "#tunnels-table td.column-action button";
        const lift = "#bans-rows .column-action button";
        assert(await page.evaluate(seen(kill)));
        assertEquals(await page.evaluate(seen(lift)), false);
        await choose(page, 1);
        for (const selector of [kill, lift, "#drain", "#tunnels-kill"]) {
          assertEquals(await page.evaluate(seen(selector)), false, selector);
        }
        await click(page, "#tunnels-table tbody td.column-target");
        assertEquals(await page.evaluate(seen("#question-yes")), false);
      },
    );
  },
});
