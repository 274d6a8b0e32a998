import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import {
  click,
  column,
  COUNT,
  DRAWN,
  emulate,
  filter,
  LIVE,
  onOnePage,
  type PageSteps,
  passTicks,
  picture,
  press,
  resize,
} from "../../support/admin_browser.ts";
import {
  openBrowser,
  type TestBrowser,
  type TestPage,
} from "../../support/browser.ts";
import {
  type FakeAdminOptions,
  RELOAD_PROBLEM,
  startFakeAdmin,
} from "../../support/fake_admin.ts";
import { whenFree } from "../../support/free_port.ts";
import { HOSTILE_TARGET } from "../../support/fake_traffic.ts";
import { testPrograms } from "../../support/programs.ts";

/** The button of the first tunnel. */
const KILL = "document.querySelector('#tunnels-table td.column-action button')";

/** Targets that are too small for a finger, 44 by 44 pixels. */
const SMALL = `[...document.querySelectorAll('button, input, select')]
  .filter((e) => e.checkVisibility()).map((e) => {
    const { width, height } = e.getBoundingClientRect();
    return [e.id || e.innerText, width, height];
  }).filter(([, width, height]) => width < 44 || height < 44)`;

/** What makes an element invisible besides its absence. */
const SEEN = "{ visibilityProperty: true }";

/** What the page of a server with little to do does. */
const STEPS: PageSteps = {
  async "lists tunnels, filters and sorts them, and charts move"({ page }) {
    assertEquals(await page.evaluate(COUNT), "40");
    const before = await page.evaluate(DRAWN);
    // Each fifth has a new point. To compare drawings often would take long.
    await passTicks(page, 5);
    assert(
      await page.waitFor(`${DRAWN} !== '${before}'`),
      "the chart is still",
    );

    await click(page, "#tunnels-table th.column-client");
    const clients = await page.evaluate<string[]>(column("client"));
    assertGreater(clients.length, 10);
    const order = new Intl.Collator("en", { numeric: true });
    assertEquals(clients, clients.toSorted(order.compare));
    await click(page, "#tunnels-table th.column-received");
    assertEquals(
      await page.evaluate(
        "document.querySelector('#tunnels-table [aria-sort=descending]')" +
          ".innerText",
      ),
      "Down",
    );

    await filter(page, "user:alice -protocol:http");
    const users = await page.evaluate<string[]>(column("user"));
    assertGreater(users.length, 0);
    assertEquals(users.filter((user) => user !== "alice"), []);
    assertEquals(await page.evaluate(COUNT), `${users.length} of 40`);
    await filter(page, "nobody at all");
    assertEquals(await page.evaluate(column("user")), []);
    const empty = "document.querySelector('#tunnels .empty.filtered')";
    assert(await page.evaluate(`${empty}.checkVisibility()`));
    await page.evaluate("document.querySelector('#tunnels-filter').focus()");
    await press(page, "Escape", 27);
    assertEquals(await page.evaluate(COUNT), "40");
  },

  async "shows as text what would be markup"({ page }) {
    await filter(page, "onerror");
    assert(await page.waitFor(`${COUNT} === '1 of 40'`));
    const targets =
      "document.querySelector('#tunnels tbody .target').innerText";
    // Nor does it show text in another order than it has.
    const shown = HOSTILE_TARGET.replace("\u202e", "\\u202e");
    assertEquals(await page.evaluate(targets), shown);
    await click(page, "#tunnels-table tbody td.column-target");
    assert(await page.evaluate("document.querySelector('#question').open"));
    const facts = await page.evaluate<string>(
      "document.querySelector('#question-facts').innerText",
    );
    assert(facts.includes(shown), facts);
    // The one of the heading is the page's own.
    const images = "document.querySelectorAll('body img').length";
    assertEquals(await page.evaluate(images), 1);
    assert(
      await page.evaluate("document.title.endsWith(' open · edge-1 · Sluice')"),
    );
    await press(page, "Escape", 27);
  },

  async "kills a tunnel by keyboard, once that is confirmed"({ page, admin }) {
    await click(page, "#tunnels-table th.column-client");
    await press(page, "/", 191);
    assertEquals(
      await page.evaluate("document.activeElement.id"),
      "tunnels-filter",
    );
    // Filter, Down, Enter opens a tunnel; Esc goes back.
    await press(page, "ArrowDown", 40);
    await press(page, "Enter", 13);
    const open = "document.querySelector('#question').open";
    assert(await page.waitFor(open));
    await press(page, "Escape", 27);
    assert(await page.waitFor(`!${open}`));
    await press(page, "/", 191);
    await press(page, "ArrowDown", 40);
    await press(page, "ArrowDown", 40);
    const active = "document.getElementById(document" +
      ".querySelector('#tunnels-table').getAttribute('aria-activedescendant'))";
    assertEquals(
      await page.evaluate(`${active}.parentElement.ariaRowIndex`),
      "3",
    );
    const client = await page.evaluate<string>(`${active}.innerText`);
    await press(page, "Delete", 46);
    const title = "document.querySelector('#question-title').innerText";
    const id = /^Kill tunnel (\d+)\?$/.exec(await page.evaluate(title))?.[1];
    assertEquals(
      await page.evaluate("document.activeElement.innerText"),
      "Cancel",
    );
    assertEquals(admin.calls, []);
    await press(page, "Tab", 9);
    await page.type("");

    const notice = "document.querySelector('#notice').innerText";
    assert(await page.waitFor(`${notice} === 'Killed tunnel ${id}'`));
    assertEquals(admin.calls.length, 1);
    const { method, path, headers } = admin.calls[0]!;
    assertEquals([method, path], ["DELETE", `/api/tunnels/${id}`]);
    assertEquals(headers.get("x-sluice-request"), "1");
    // Who points at a row sees it end, and it stays where it was.
    const gone = `${active}?.parentElement.className`;
    assert(await page.waitFor(`${gone}.split(' ').includes('gone')`));
    assertEquals(await page.evaluate(`${active}.innerText`), client);
    await press(page, "Escape", 27);
    assert(await page.waitFor(`!${column("client")}.includes('${client}')`));
  },

  async "reloads, and shows what is wrong until that is read"({ page, admin }) {
    const { length: before } = admin.calls;
    await click(page, "#reload");
    const question = "document.querySelector('#question')";
    assert(await page.waitFor(`${question}.open`));
    const text = "document.querySelector('#question-text').innerText";
    assertEquals(await page.evaluate(text), RELOAD_PROBLEM);
    await press(page, "Escape", 27);
    assert(await page.waitFor(`!${question}.open`));
    await click(page, "#reload");
    const notice = "document.querySelector('#notice').innerText";
    const done = "Reloaded: sluice.jsonc, users.txt";
    assert(await page.waitFor(`${notice} === '${done}'`));
    assertEquals(
      admin.calls.slice(before).map(({ method, path }) => `${method} ${path}`),
      ["POST /api/reload", "POST /api/reload"],
    );
    // The first answer was a 422, of which Chromium complains.
    assertEquals(page.complaints.splice(0).length, 1);
  },

  async "is light or dark, by the system or by choice"({ page }) {
    const paper = "getComputedStyle(document.body).backgroundColor";
    await emulate(page, "light");
    const light = await page.evaluate<string>(paper);
    const chart = await page.evaluate(DRAWN);
    await picture(page, "admin-light");
    await emulate(page, "dark");
    const dark = await page.evaluate<string>(paper);
    assert(light !== dark, light);
    assert(await page.waitFor(`${DRAWN} !== '${chart}'`));
    await picture(page, "admin-dark");
    await click(page, "#theme");
    assertEquals(await page.evaluate(paper), light);
    await click(page, "#theme");
    await emulate(page, "light");
    assertEquals(await page.evaluate(paper), dark);
  },

  async "connects again when the server has come back"(opened) {
    const { page, admin } = opened;
    const { port } = new URL(admin.url);
    await admin[Symbol.asyncDispose]();
    const line = "document.querySelector('#connection-text').innerText";
    const lost = /^Connection lost \(as of \d\d:\d\d:\d\d\), next try in \ds$/;
    assert(await page.waitFor(`${lost}.test(${line})`));
    assertEquals(
      await page.evaluate("document.title"),
      "Connection lost · edge-1 · Sluice",
    );
    assert(await page.evaluate(`!${KILL}.checkVisibility(${SEEN})`));
    await click(page, "#reload");
    const question = "document.querySelector('#question-text').innerText";
    assert(
      await page.waitFor(`${question} === 'the server cannot be reached'`),
    );
    await click(page, "#question-no");
    opened.admin = whenFree(() =>
      startFakeAdmin({
        ...{ turnover: 0, tick: 250, tunnels: 7, saysEnd: true },
        port: Number(port),
      })
    );
    assert(await page.waitFor(`${LIVE} && ${COUNT} === '7'`));
    // The browser tells of each attempt.
    page.complaints.length = 0;
  },

  async "says that Sluice has ended, and offers to kill nothing"(
    { page, admin },
  ) {
    assert(await page.evaluate(`${KILL}.checkVisibility(${SEEN})`));
    await click(page, "#drain");
    await click(page, "#question-yes");
    const title = "document.title";
    assert(await page.waitFor(`${title}.startsWith('Draining, ')`));
    // A tunnel is being looked at when the server ends.
    await click(page, "#tunnels-table tbody td.column-target");
    await admin[Symbol.asyncDispose]();
    const line = "document.querySelector('#connection-text').innerText";
    const ended =
      /^Sluice has ended \(as of \d\d:\d\d:\d\d\), next try in \ds$/;
    assert(await page.waitFor(`${ended}.test(${line})`));
    assertEquals(
      await page.evaluate(title),
      "Sluice has ended · edge-1 · Sluice",
    );
    const action = "document.querySelector('#question-yes')";
    assert(await page.waitFor(`!${action}.checkVisibility()`));
    await press(page, "Escape", 27);
    assert(
      await page.waitFor(`${column("state")}.every((s) => s === 'ended')`),
    );
    assert(await page.evaluate(`!${KILL}.checkVisibility(${SEEN})`));
    assert(
      await page.evaluate(
        "!document.querySelector('#draining').checkVisibility()",
      ),
    );
    page.complaints.length = 0;
  },
};

/** What the page of a server with tunnels that come and go does. */
const BUSY_STEPS: PageSteps = {
  "fits a narrow window": async ({ page }) => {
    await assertFits(page, "full");
    const below = "[...document.querySelectorAll('#tunnels .below')]" +
      ".map((e) => e.checkVisibility() && e.innerText)";
    const rows = await page.evaluate<string[]>(below);
    assert(rows.some((text) => text.startsWith("alice · ")), rows.join());
    await page.call("Emulation.setTouchEmulationEnabled", { enabled: false });
    await resize(page, 1280, 900);
  },

  async "lifts a ban, and drains once that is confirmed"({ page, admin }) {
    await click(page, '[aria-label="Lift the ban of 2001:db8:7::/64"]');
    const bans = "document.querySelectorAll('#bans-rows tr').length";
    assert(await page.waitFor(`${bans} === 2`));
    assertEquals(
      admin.calls[0]?.path,
      "/api/bans/2001%3Adb8%3A7%3A%3A%2F64?kind=client",
    );
    // While it is pointed at, the time goes on: it must not be another then.
    const user = '[aria-label="Lift the ban of user 203.0.113.77"]';
    const left = "document.querySelector('#bans-rows td:nth-child(4)')";
    await page.evaluate(`globalThis.lift = document.querySelector('${user}')`);
    await page.evaluate("lift.focus()");
    const before = await page.evaluate(`${left}.innerText`);
    assert(await page.waitFor(`${left}.innerText !== '${before}'`));
    assert(await page.evaluate("document.activeElement === lift"));
    await page.evaluate("lift.click()");
    assert(await page.waitFor(`${bans} === 1`));
    const kinds = "document.querySelector('#bans-rows td').innerText";
    assertEquals(await page.evaluate(kinds), "client");

    await click(page, "#drain");
    await click(page, "#question-no");
    await click(page, "#drain");
    await click(page, "#question-yes");
    const banner = "document.querySelector('#draining')";
    assert(await page.waitFor(`${banner}.checkVisibility()`));
    assert(await page.evaluate(`/cut in 0:\\d\\d/.test(${banner}.innerText)`));
    const open = "document.querySelector('#draining-open').innerText";
    assert(await page.waitFor(`Number(${open}) < 30`));
    const drains = admin.calls.filter(({ path }) => path === "/api/drain");
    assertEquals(drains.map(({ method }) => method), ["POST"]);
  },
};

const MANY_STEPS: PageSteps = {
  async "scrolls through 10,000 tunnels with few rows"({ page }) {
    assertEquals(await page.evaluate(COUNT), "10,000");
    const rows = "[...document.querySelectorAll('#tunnels-table tbody " +
      "tr[aria-rowindex]')].map((e) => Number(e.ariaRowIndex))";
    await page.evaluate(
      "document.querySelector('#tunnels-scroller').scrollTop = 170000",
    );
    assert(await page.waitFor(`${rows}[0] > 4000`));
    const shown = await page.evaluate<number[]>(rows);
    assertLess(shown.length, 60);
    assertEquals(shown, shown.map((_, n) => shown[0]! + n));
    // As by a person who holds the key, the last row is reached and seen.
    await page.evaluate("document.querySelector('#tunnels-table').focus()");
    await press(page, "PageDown", 34);
    await page.call("Input.dispatchKeyEvent", {
      type: "rawKeyDown",
      key: "End",
      code: "End",
      windowsVirtualKeyCode: 35,
      modifiers: 2,
    });
    assert(await page.waitFor(`${rows}.at(-1) === 10001`));
    assertEquals(
      await page.evaluate(
        "document.querySelector('#tunnels-table').ariaRowCount",
      ),
      "10001",
    );
    await picture(page, "admin-many");
  },
};

const EMPTY_STEPS: PageSteps = {
  async "fits a narrow window, and says how to begin"({ page }) {
    await assertFits(page, "empty");
    const hint = "document.querySelector('#hint-command')";
    assert(await page.waitFor(`${hint}.innerText.startsWith('curl -x ')`));
    // Empty cards take no room.
    for (const card of ["pools", "bans"]) {
      const shown = `document.querySelector('#${card}').checkVisibility()`;
      assert(!await page.evaluate(shown), card);
    }
  },
};

/** Steps, and the servers of their pages. */
const PAGES: readonly [FakeAdminOptions, PageSteps][] = [
  [{ turnover: 0, tick: 250 }, STEPS],
  [{ turnover: 5, tick: 250 }, BUSY_STEPS],
  [{ turnover: 0, tunnels: 10_000, changes: 1_000 }, MANY_STEPS],
  [{ isEmpty: true }, EMPTY_STEPS],
];

testPrograms({
  name: "the admin page in Chromium",
  needs: ["chromium-headless-shell"],
  async fn({ "chromium-headless-shell": path }, context) {
    // A browser takes longer to start than all of these.
    await using browser = await openBrowser(path);
    for (const [options, steps] of PAGES) {
      await onOnePage(context, browser, options, steps);
    }
    await context.step(
      "asks for the token until it is the right one",
      () => assertAsksForToken(browser),
    );
  },
});

async function assertAsksForToken(browser: TestBrowser): Promise<void> {
  await using admin = startFakeAdmin({ token: "open-sesame", tick: 250 });
  await using page = await browser.open(admin.url);
  const asked = "document.querySelector('#token')?.open === true";
  assert(await page.waitFor(asked));
  await page.type("wrong");
  const problem = "document.querySelector('#token-problem').innerText";
  assert(await page.waitFor(`${asked} && ${problem} !== ''`));
  await page.type("open-sesame");
  assert(await page.waitFor(`${LIVE} && ${COUNT} === '40'`));
  assert(!await page.evaluate("location.href.includes('sesame')"));
  assertEquals(await page.evaluate("localStorage.length"), 0);
}

/** Checks that the page fits a phone, and a finger its buttons. */
async function assertFits(page: TestPage, name: string): Promise<void> {
  await page.call("Emulation.setTouchEmulationEnabled", { enabled: true });
  await page.call("Emulation.setDeviceMetricsOverride", {
    ...{ width: 390, height: 844, deviceScaleFactor: 2, mobile: true },
  });
  assert(
    await page.waitFor("document.documentElement.scrollWidth <= 390"),
    "it is wider than the window",
  );
  assertEquals(await page.evaluate(SMALL), []);
  await picture(page, `admin-narrow-${name}`);
}
