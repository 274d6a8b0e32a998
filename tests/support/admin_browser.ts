/**
 * The admin page in a browser: reading it and operating it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { TestBrowser, TestPage } from "./browser.ts";
import {
  type FakeAdmin,
  type FakeAdminOptions,
  startFakeAdmin,
} from "./fake_admin.ts";

/** Folder for pictures of the page, for people. */
const PICTURES = Deno.env.get("SLUICE_PICTURES");

/** The texts of a column, in the existing rows of the open tunnels. */
export function column(name: string, list = "tunnels"): string {
  const cells = `#${list}-table tbody td.column-${name}`;
  return `[...document.querySelectorAll('${cells}')].map((e) => e.innerText)`;
}

/** The number of open tunnels on the page. */
export const COUNT = "document.querySelector('#tunnels-count').innerText";

/** Whether the page receives data from the server. */
export const LIVE =
  "document.querySelector('#connection')?.dataset.state === 'live'";

/** Whether a chart is drawn. */
export const DRAWN =
  "document.querySelector('#throughput-chart canvas').toDataURL()";

/** Opens the page, and waits until it shows tunnels. */
export async function openLive(
  browser: TestBrowser,
  url: string,
): Promise<TestPage> {
  const page = await browser.open(url);
  await resize(page, 1280, 900);
  assert(await page.waitFor(`${LIVE} && ${COUNT} !== ''`));
  return page;
}

/** A page and its server. */
export interface OpenedPage {
  readonly page: TestPage;
  /** A step may start another. */
  admin: FakeAdmin;
}

/** Steps of a test on one page, by name. */
export type PageSteps = Record<string, (opened: OpenedPage) => Promise<void>>;

/**
 * Takes steps on one page, one after another: to open a page takes the browser
 * longer than most steps. Each begins with all open tunnels, and without a
 * focus; it closes what it opens. It fails if the page complains.
 */
export async function onOnePage(
  context: Deno.TestContext,
  browser: TestBrowser,
  options: FakeAdminOptions,
  steps: PageSteps,
): Promise<void> {
  const admin = startFakeAdmin(options);
  const page = await openLive(browser, admin.url);
  const opened: OpenedPage = { page, admin };
  for (const [name, step] of Object.entries(steps)) {
    await context.step(name, async () => {
      await filter(page, "");
      await page.evaluate("document.activeElement.blur()");
      await step(opened);
      assertEquals(page.complaints.splice(0), []);
    });
  }
  await page[Symbol.asyncDispose]();
  await opened.admin[Symbol.asyncDispose]();
}

/** Waits until the page has drawn ticks: one of these differs in each. */
export async function passTicks(page: TestPage, count: number): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    let left = ${count};
    const observer = new MutationObserver(() => --left === 0 && resolve());
    for (const figure of document.querySelectorAll('#delay, #down, #up')) {
      observer.observe(figure, { childList: true });
    }
  })`);
}

/** Makes the window larger or smaller. */
export async function resize(
  page: TestPage,
  width: number,
  height: number,
): Promise<void> {
  const size = { width, height, deviceScaleFactor: 1, mobile: false };
  await page.call("Emulation.setDeviceMetricsOverride", size);
}

/** Presses a key. */
export async function press(
  page: TestPage,
  key: string,
  code: number,
): Promise<void> {
  for (const type of ["rawKeyDown", "keyUp"]) {
    await page.call("Input.dispatchKeyEvent", {
      type,
      key,
      code: key,
      windowsVirtualKeyCode: code,
    });
  }
}

/** Types into the filter of the open tunnels. */
export async function filter(page: TestPage, text: string): Promise<void> {
  await page.evaluate(`{
    const field = document.querySelector('#tunnels-filter');
    field.value = ${JSON.stringify(text)};
    field.dispatchEvent(new Event('input'));
  }`);
}

/** Clicks on an element, once it exists. */
export async function click(page: TestPage, selector: string): Promise<void> {
  assert(await page.waitFor(`document.querySelector('${selector}') !== null`));
  await page.evaluate(`document.querySelector('${selector}').click()`);
}

/** Switches the system between light and dark. */
export async function emulate(page: TestPage, scheme: string): Promise<void> {
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
}

/** Takes a picture, if pictures are wanted. */
export async function picture(page: TestPage, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  const { data } = await page.call("Page.captureScreenshot");
  const bytes = Uint8Array.fromBase64(data as string);
  await Deno.writeFile(`${PICTURES}/${name}.png`, bytes);
}
