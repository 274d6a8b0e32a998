/**
 * The admin page in a browser: reading it and operating it.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { TestBrowser, TestPage } from "./browser.ts";

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
