/**
 * The admin page in a browser: how a test looks at it and what it does there.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { TestBrowser, TestPage } from "./browser.ts";

/** A folder for pictures of the page, for who wants to look at it. */
const PICTURES = Deno.env.get("SLUICE_PICTURES");

/** What a column of the open tunnels shows, in the rows that exist. */
export function column(name: string, list = "tunnels"): string {
  const cells = `#${list}-table tbody td.column-${name}`;
  return `[...document.querySelectorAll('${cells}')].map((e) => e.innerText)`;
}

/** How many tunnels are open, as the page says it. */
export const COUNT = "document.querySelector('#tunnels-count').innerText";

/** Whether the page hears from the server. */
export const LIVE =
  "document.querySelector('#connection')?.dataset.state === 'live'";

/** What a chart looks like. */
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

/** Clicks on an element, once it is there. */
export async function click(page: TestPage, selector: string): Promise<void> {
  assert(await page.waitFor(`document.querySelector('${selector}') !== null`));
  await page.evaluate(`document.querySelector('${selector}').click()`);
}

/** Makes the system light or dark. */
export async function emulate(page: TestPage, scheme: string): Promise<void> {
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
}

/** Takes a picture, where those are wanted. */
export async function picture(page: TestPage, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  const { data } = await page.call("Page.captureScreenshot");
  const bytes = Uint8Array.fromBase64(data as string);
  await Deno.writeFile(`${PICTURES}/${name}.png`, bytes);
}
