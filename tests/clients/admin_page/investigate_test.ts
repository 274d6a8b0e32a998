import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  click,
  column,
  COUNT,
  filter,
  onOnePage,
  type PageSteps,
  passTicks,
  picture,
  press,
} from "../../support/admin_browser.ts";
import {
  assertNoLongTask,
  openBrowser,
  type TestBrowser,
} from "../../support/browser.ts";
import { startFakeAdmin } from "../../support/fake_admin.ts";
import { testPrograms } from "../../support/programs.ts";

/** What is typed into the filter of a list. */
function typed(list: string): string {
  return `document.querySelector('#${list}-filter').value`;
}

const NOTICE = "document.querySelector('#notice').innerText";
const TITLE = "document.querySelector('#question-title').innerText";
const TEXT = "document.querySelector('#question-text').innerText";
const POINT = "document.querySelector('#throughput-point')";

/** Questions that a person who sees the page first has, and its answers. */
const STEPS: PageSteps = {
  async "shows who uses most, and a click shows their tunnels"({ page }) {
    const rows = "[...document.querySelectorAll('#talkers-rows tr')]" +
      ".map((e) => e.innerText)";
    assert(await page.waitFor(`${rows}.length === 3`));
    // How far off a figure may be is a part of it.
    const texts = await page.evaluate<string[]>(rows);
    assert(texts.some((text) => / [kMG]B to .* [kMG]B/.test(text)), texts[0]);
    await click(page, "#talkers-by button[value=client]");
    assert(await page.waitFor(`${rows}.some((e) => e.startsWith('fd00::7'))`));
    await click(page, "#talkers-order button[value=connections]");
    await click(page, '#talkers-rows button[title="fd00::7"]');
    assertEquals(await page.evaluate(typed("tunnels")), "client=fd00::7");
    assertEquals(await page.evaluate(typed("closed")), "client=fd00::7");
    const clients = await page.evaluate<string[]>(column("client"));
    assert(clients.length > 0);
    assert(clients.every((client) => client.startsWith("[fd00::7]:")));
  },

  async "shows what fails and which rule refused, and a click finds those"(
    { page },
  ) {
    await click(
      page,
      '#reasons button[title="The target refused the connection"]',
    );
    assertEquals(
      await page.evaluate(typed("closed")),
      "code=dial-refused result:failed",
    );
    const results = await page.evaluate<string[]>(column("result", "closed"));
    assertEquals([...new Set(results)], ["failed"]);
    await click(page, '#refusing-rules button[title="no mail"]');
    assertEquals(
      await page.evaluate(typed("closed")),
      'rule="no mail" result:refused',
    );
    const why = await page.evaluate<string[]>(column("reason", "closed"));
    assertEquals([...new Set(why)], ["Denied by rule no mail"]);
    // What is no rule of the operator's has words of its own.
    await click(page, '#refusing-rules button[title="The address guard"]');
    assertEquals(
      await page.evaluate(typed("closed")),
      "rule=guard result:refused",
    );
    const share = "document.querySelector('#failures-share').innerText";
    assertMatch(await page.evaluate(share), /^[\d.]+ %$/);
  },

  async "says which field of a filter is misspelt"({ page }) {
    await filter(page, "user=alice");
    const some = await page.evaluate(COUNT);
    await filter(page, "usr:alice");
    const problem = "document.querySelector('#tunnels-problem')";
    assert(await page.evaluate(`${problem}.checkVisibility()`));
    assertMatch(
      await page.evaluate(`${problem}.innerText`),
      /^No field is named usr: did you mean user\?/,
    );
    // The rows stay, and what cannot be read ends nothing.
    assertEquals(await page.evaluate(COUNT), some);
    const kill = "document.querySelector('#tunnels-kill')";
    assert(await page.waitFor(`!${kill}.checkVisibility()`));
    await filter(page, "user:alice");
    assert(await page.waitFor(`!${problem}.checkVisibility()`));
    assert(await page.waitFor(`${kill}.checkVisibility()`));
  },

  async "groups tunnels, and opens or kills a group"({ page, admin }) {
    const group = (by: string) =>
      page.evaluate(`{
        const select = document.querySelector('#tunnels-group');
        select.value = '${by}';
        select.dispatchEvent(new Event('change'));
      }`);
    await group("user");
    const names = column("group", "groups");
    assert(await page.waitFor(`${names}.length === 4`));
    assertEquals((await page.evaluate<string[]>(names)).toSorted(), [
      ...["(no user)", "alice", "bob", "ci-runner"],
    ]);
    const counts = await page.evaluate<string[]>(column("count", "groups"));
    assertEquals(counts.reduce((sum, text) => sum + Number(text), 0), 40);
    await picture(page, "admin-groups");
    // From the filter the keyboard leads to the groups, and into one.
    await press(page, "/", 191);
    await press(page, "ArrowDown", 40);
    const active = "document.querySelector('#groups-table td.active')";
    assert(await page.waitFor(`${active} !== null`));
    const name = await page.evaluate<string>(`${active}.innerText`);
    await press(page, "Enter", 13);
    const expected = name === "(no user)" ? 'user=""' : `user=${name}`;
    assertEquals(await page.evaluate(typed("tunnels")), expected);
    assert(await page.evaluate("document.querySelector('.grouped') === null"));
    assert(await page.waitFor(`!${COUNT}.startsWith('40')`));

    await filter(page, "-user:alice");
    await group("client");
    const kill = '#groups-table [aria-label$=" of 10.20.0.14"]';
    await click(page, kill);
    assert(await page.waitFor(`${TITLE}.startsWith('Kill ')`));
    assertMatch(
      await page.evaluate(TEXT),
      /^All that match -user:alice client=10\.20\.0\.14 end at once/,
    );
    await press(page, "Escape", 27);
    assertEquals(admin.calls, []);
    await group("");
  },

  async "holds the time that was pointed at, and lets it go"({ page }) {
    const chart = "document.querySelector('#throughput-chart')";
    await page.evaluate(`${chart}.scrollIntoView({ block: 'center' })`);
    const size = `${chart}.querySelector('.u-over').getBoundingClientRect()`;
    assert(await page.waitFor(`${chart}.querySelector('.u-over') !== null`));
    const mouse = async (type: string, part: number) => {
      const [x, y] = await page.evaluate<[number, number]>(
        `(({ left, top, width, height }) =>
          [left + width * ${part}, top + height / 2])(${size})`,
      );
      const button = type === "mouseMoved" ? {} : { button: "left" };
      await page.call("Input.dispatchMouseEvent", {
        ...{ type, x, y, clickCount: 1 },
        ...button,
      });
    };
    const peak = "document.querySelector('#throughput-peak').innerText";
    assert(await page.waitFor(`${peak}.startsWith('Last hour: ')`));
    await mouse("mouseMoved", 0.5);
    assert(await page.waitFor(`${POINT}.checkVisibility()`));
    const hovered = await page.evaluate<string>(`${POINT}.innerText`);
    assertMatch(hovered, /^\d\d:\d\d:\d\d: .*B\/s down, .*B\/s up$/);
    // New points come; the time under the pointer stays that time.
    const drawn = `${chart}.querySelector('canvas').toDataURL()`;
    const before = await page.evaluate(drawn);
    await passTicks(page, 5);
    assert(await page.waitFor(`${drawn} !== '${before}'`));
    assertEquals(await page.evaluate(`${POINT}.innerText`), hovered);
    // The other charts show the same time.
    const others = "document.querySelector('#starts-point').innerText";
    assertEquals(
      (await page.evaluate<string>(others)).slice(0, 8),
      hovered.slice(0, 8),
    );
    for (const type of ["mousePressed", "mouseReleased"]) {
      await mouse(type, 0.5);
    }
    await page.call("Input.dispatchMouseEvent", {
      ...{ type: "mouseMoved", x: 5, y: 5 },
    });
    assert(await page.waitFor(`${chart}.matches('.held')`));
    assert(await page.evaluate(`${POINT}.checkVisibility()`));
    // By keyboard: a step back, and let go.
    await page.evaluate(`${chart}.focus()`);
    const held = await page.evaluate<string>(`${chart}.ariaValueText`);
    await press(page, "ArrowLeft", 37);
    assert(await page.evaluate<string>(`${chart}.ariaValueText`) !== held);
    await press(page, "Escape", 27);
    assert(await page.waitFor(`!${POINT}.checkVisibility()`));
    await click(page, '#range button[value="5m"]');
    assert(await page.waitFor(`${peak}.startsWith('Last 5 minutes: ')`));
  },

  async "copies a rule, and bans a client after the person says how long"(
    { page, admin },
  ) {
    // Only a window in front may write to the clipboard.
    await page.call("Emulation.setFocusEmulationEnabled", { enabled: true });
    await filter(page, "user=alice client=10.20.0.14 target:example");
    await click(page, "#tunnels-table tbody td.column-target");
    await page.evaluate("document.querySelector('[data-choice=rule]').focus()");
    // Nor may a script do it that no person has started.
    await page.type("");
    assert(await page.waitFor(`${NOTICE}.startsWith('Copied the rule: ')`));
    assertMatch(
      await page.evaluate(NOTICE),
      /: deny user alice name [\w.]+ port \d+$/,
    );
    await click(page, "#tunnels-table tbody td.column-target");
    await click(page, "[data-choice=ban]");
    assert(await page.waitFor(`${TITLE} === 'Ban 10.20.0.14?'`));
    assertEquals(admin.calls, []);
    await click(page, '[data-choice="10m"]');
    assert(
      await page.waitFor(`${NOTICE}.startsWith('Banned 10.20.0.14 for ')`),
    );
    assertEquals(
      admin.calls.map(({ method, path }) => `${method} ${path}`),
      ["POST /api/bans?client=10.20.0.14&for=10m"],
    );
    const lift = '[aria-label="Lift the ban of 10.20.0.14"]';
    assert(await page.waitFor(`document.querySelector('${lift}') !== null`));
  },

  async "kills all that match, once it has told how many"({ page, admin }) {
    const { length: before } = admin.calls;
    await filter(page, "user=alice");
    const count = (await page.evaluate<string>(COUNT)).split(" ")[0];
    await click(page, "#tunnels-kill");
    const question = "document.querySelector('#question').open";
    assert(await page.waitFor(question));
    assertEquals(await page.evaluate(TITLE), `Kill ${count} tunnels?`);
    assertEquals(admin.calls.slice(before), []);
    await click(page, "#question-yes");
    assert(await page.waitFor(`${NOTICE} === 'Killed ${count} tunnels'`));
    assertEquals(
      admin.calls.slice(before).map(({ method, path }) => `${method} ${path}`),
      [`DELETE /api/tunnels?filter=user%3Dalice&expect=${count}`],
    );
    assert(await page.waitFor(`${COUNT}.startsWith('0 of ')`));
  },
};

const MANY_ENDED_STEPS: PageSteps = {
  async "searches all 10,000 ended tunnels, and saves what it finds"({ page }) {
    const count = "document.querySelector('#closed-count').innerText";
    assert(await page.waitFor(`${count} === '500 loaded of 10,000'`));
    await page.evaluate(`{
      const field = document.querySelector('#closed-filter');
      field.value = 'result:refused';
      field.dispatchEvent(new Event('input'));
    }`);
    assert(await page.waitFor(`/^\\d{3} of 10,000$/.test(${count})`));
    const downloads = await Deno.makeTempDir();
    try {
      await page.call("Page.setDownloadBehavior", {
        ...{ behavior: "allow", downloadPath: downloads },
      });
      await click(page, "#closed-json");
      const path = `${downloads}/closed.json`;
      const found = Number((await page.evaluate<string>(count)).split(" ")[0]);
      const saved = JSON.parse(await readWhole(path)) as { result: string }[];
      assertEquals(saved.length, found);
      assertEquals([...new Set(saved.map(({ result }) => result))], [
        "refused",
      ]);
    } finally {
      await Deno.remove(downloads, { recursive: true });
    }
  },
};

testPrograms({
  name: "the admin page in Chromium, to investigate with",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": path }, context) {
    await using browser = await openBrowser(path);
    const quiet = { turnover: 0, tick: 250 };
    await onOnePage(context, browser, quiet, STEPS);
    const manyEnded = { ...quiet, tunnels: 4, ended: 10_000 };
    await onOnePage(context, browser, manyEnded, MANY_ENDED_STEPS);
    await context.step(
      "takes no long task with 10,000 open and 10,000 ended tunnels",
      () => assertShort(browser),
    );
  },
});

/** Checks that it takes no long task to open, to sort and to search. */
async function assertShort(browser: TestBrowser): Promise<void> {
  await using admin = startFakeAdmin({
    ...{ tunnels: 10_000, changes: 2_000, turnover: 20, ended: 10_000 },
    tick: 2500,
  });
  await using page = await browser.open("about:blank");
  const count = "document.querySelector('#tunnels-count')?.innerText";
  const closed = "document.querySelector('#closed-count')?.innerText";
  await assertNoLongTask(page, 8, async () => {
    await page.call("Page.navigate", { url: admin.url });
    assert(await page.waitFor(`${count}?.startsWith('10,0') ?? false`));
    await click(page, "#tunnels-table th.column-target");
    await filter(page, "example");
    await page.evaluate(`{
        const field = document.querySelector('#closed-filter');
        field.value = 'client';
        field.dispatchEvent(new Event('input'));
      }`);
    assert(await page.waitFor(`/^[\\d,]+ of 10,000$/.test(${closed})`));
    await passTicks(page, 2);
  });
  assertEquals(page.complaints, []);
}

/** Reads a download when the browser has finished it. */
async function readWhole(path: string): Promise<string> {
  const watcher = Deno.watchFs(path.slice(0, path.lastIndexOf("/")));
  const timer = setTimeout(() => watcher.close(), 20_000);
  try {
    // It may have been finished before the watch began.
    const text = await Deno.readTextFile(path).catch(() => "");
    if (text.endsWith("]")) return text;
    for await (const _ of watcher) {
      const text = await Deno.readTextFile(path).catch(() => "");
      if (text.endsWith("]")) return text;
    }
    throw new Error(`No file ${path}`);
  } finally {
    clearTimeout(timer);
    try {
      watcher.close();
    } catch {
      // The timer has closed it.
    }
  }
}
