/**
 * The hub's page for browsers, which shows and sends messages.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import html from "./page/index.html" with { type: "text" };
import css from "./page/page.css" with { type: "text" };
import script from "./page/page.js" with { type: "text" };
import type { Field } from "../wire/http1/fields.ts";
import { encodeHead } from "../wire/http1/head.ts";
import { pagePolicy, webSafety } from "../wire/web_safety.ts";

/** The path that the page's script connects to. */
export const SOCKET_PATH = "/socket";

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/": ["text/html", html],
  "/page.css": ["text/css", css],
  "/page.js": ["text/javascript", script],
};

const POLICY = pagePolicy("data:");

/**
 * Encodes the response to a request for a file of the page.
 *
 * @param path Requested path, without the query.
 * @param method `GET`, or `HEAD` for a response without the file.
 * @returns The whole response; `undefined` if the file does not exist.
 */
export function encodePage(
  path: string,
  method: string,
): Uint8Array | undefined {
  if (!Object.hasOwn(FILES, path)) return undefined;
  const [type, text] = FILES[path]!;
  const body = new TextEncoder().encode(text);
  const fields: Field[] = [
    ["Content-Type", `${type}; charset=utf-8`],
    ["Content-Length", String(body.length)],
    ...webSafety(POLICY),
    ["Cache-Control", "no-cache"],
    ["Connection", "close"],
  ];
  const head = encodeHead("HTTP/1.1 200 OK", fields);
  if (method === "HEAD") return head;
  return concat([head, body]);
}
