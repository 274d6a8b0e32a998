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
 * The page's own files. Deno may read them, like all modules that are imported
 * lazily; `deno task compile` puts the whole folder into the program.
 */
const FOLDER = new URL("./page/", import.meta.url);

/** Media types of the files served from the folder, by file extension. */
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css",
  svg: "image/svg+xml",
};

/**
 * Modules outside of the folder that the page needs: what they are served as,
 * and where they are, from the folder. A package has to hold their sources.
 */
export const SHARED: ReadonlyMap<string, string> = new Map([
  ["/filter.ts", "../filter.ts"],
  ...[...pathsIn("../client/")].filter((path) => path.endsWith(".ts")).sort()
    .map((path): [string, string] => [path.slice("..".length), path]),
  ["/observe/escape.ts", "../../observe/escape.ts"],
  ["/observe/format_bytes.ts", "../../observe/format_bytes.ts"],
]);

/**
 * How these modules name what is in a room below. A gateway may serve all of
 * this in a folder: there it has to be beside the page, one folder lower.
 */
const BELOW = /"\.\.\/((?:\.\.\/)+observe\/)/g;

const PATHS: ReadonlySet<string> = new Set([...pathsIn("")].sort());

/** A file of the page. */
export interface PageFile {
  /** Its media type, without parameters; it is UTF-8. */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

/** Value of `Content-Security-Policy`. */
export const PAGE_POLICY: string = pagePolicy();

/** Cache of requested files, by path. */
const files = new Map<string, PageFile>([
  ["/page/uplot.css", { type: "text/css", text: uplotCss }],
  ["/page/uplot.js", { type: "text/javascript", text: uplot }],
]);

/**
 * Finds a file of the page. The files reveal nothing about the server, so they
 * need no token.
 *
 * @param path Requested path, without a query.
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
  const shared = SHARED.get(path);
  if (shared !== undefined) return script(readSource(shared));
  const [, inside, end] =
    /^\/page\/((?:\w+\/)?\w+\.(css|svg|ts))$/.exec(path) ?? [];
  if (inside === undefined || !PATHS.has(inside)) return undefined;
  const source = readSource(inside);
  return end === "ts" ? script(source) : { type: TYPES[end!]!, text: source };
}

function script(source: string): PageFile {
  const named = source.replaceAll(BELOW, '"$1');
  return { type: "text/javascript", text: stripTypeScriptTypes(named) };
}

/**
 * Without preloads a browser finds a module only after it has read the
 * importer, which costs a round trip each, perhaps through SSH.
 */
function readIndex(): PageFile {
  const modules = [...PATHS].filter((path) => path.endsWith(".ts"))
    .map((path) => `page/${path}`);
  const shared = [...SHARED.keys()].map((path) => path.slice(1));
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
