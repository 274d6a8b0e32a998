/**
 * The files of the admin page.
 *
 * @module
 */

// Types are stripped when a file is first requested, so there is no build.
import { stripTypeScriptTypes } from "node:module";
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import { pagePolicy } from "../wire/web_safety.ts";

/**
 * The page's own files. Deno may read them, as all modules that are loaded
 * late; `deno task compile` puts the whole folder into the program.
 */
const FOLDER = new URL("./page/", import.meta.url);

/** Files that are served under their path in the folder, by their end. */
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  svg: "image/svg+xml",
};

/** Modules of the room that all clients of the API share, by their path. */
const SHARED: ReadonlySet<string> = new Set([
  "/filter.ts",
  ...[...pathsIn("../client/")].map((path) => path.slice("..".length)).sort(),
]);

const PATHS: ReadonlySet<string> = new Set([...pathsIn("")].sort());

/** A file of the page. */
export interface PageFile {
  /** Its media type, without parameters; it is UTF-8. */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

/** It is sent as `Content-Security-Policy`. */
export const PAGE_POLICY: string = pagePolicy();

/** Files by path, once requested. */
const files = new Map<string, PageFile>([
  ["/page/uplot.css", { type: "text/css", text: uplotCss }],
  ["/page/uplot.js", { type: "text/javascript", text: uplot }],
]);

/**
 * Finds a file of the page. The files reveal nothing about the server and need
 * no token.
 *
 * @param path What is asked for, without a query.
 * @returns The file; `undefined` if none.
 */
export function adminPage(path: string): PageFile | undefined {
  const known = files.get(path);
  if (known !== undefined) return known;
  const file = path === "/" ? readIndex() : readFile(path);
  if (file !== undefined) files.set(path, file);
  return file;
}

function readFile(path: string): PageFile | undefined {
  if (SHARED.has(path)) return script(readSource(`..${path}`));
  const [, inside, end] =
    /^\/page\/((?:\w+\/)?\w+\.(css|svg|ts))$/.exec(path) ?? [];
  if (inside === undefined || !PATHS.has(inside)) return undefined;
  const source = readSource(inside);
  return end === "ts" ? script(source) : { type: TYPES[end!]!, text: source };
}

function script(source: string): PageFile {
  return { type: "text/javascript", text: stripTypeScriptTypes(source) };
}

/**
 * Without preloads a browser would find a module only after reading its
 * importer: a round trip each, perhaps through SSH.
 */
function readIndex(): PageFile {
  const modules = [...PATHS].filter((path) => path.endsWith(".ts"))
    .map((path) => `page/${path}`);
  const shared = [...SHARED].map((path) => path.slice(1));
  const preloads = [...modules, ...shared]
    .map((path) => `<link rel="modulepreload" href="${path}">`);
  const text = readSource("index.html")
    .replace("</title>", `</title>\n    ${preloads.join("\n    ")}`);
  return { type: "text/html", text };
}

function readSource(path: string): string {
  return Deno.readTextFileSync(new URL(path, FOLDER));
}

/** Paths of all files in the folder and in its folders. */
function* pathsIn(folder: string): Generator<string> {
  for (
    const { isDirectory, name } of Deno.readDirSync(new URL(folder, FOLDER))
  ) {
    if (isDirectory) yield* pathsIn(`${folder}${name}/`);
    else yield folder + name;
  }
}
