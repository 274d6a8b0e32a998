/**
 * The page of the admin listener: what a browser is given at `/`.
 *
 * @module
 */

/** A file of the page. */
export interface PageFile {
  /** Its media type, without parameters; it is UTF-8. */
  readonly type: string;
  /** What is in it. */
  readonly text: string;
}

const FILES: Readonly<Record<string, PageFile>> = {
  "/": {
    type: "text/html",
    text: "<!doctype html><title>Sluice</title><p>See /api/openapi.json\n",
  },
};

/**
 * What the page may do: load its own script and style, and ask its own server.
 * It is sent as `Content-Security-Policy`.
 */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/**
 * Finds a file of the page.
 *
 * @param path What is asked for, without a query.
 * @returns The file; `undefined` where there is none.
 */
export function adminPage(path: string): PageFile | undefined {
  return Object.hasOwn(FILES, path) ? FILES[path] : undefined;
}
