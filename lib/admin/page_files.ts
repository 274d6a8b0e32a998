/**
 * The files of the page that shows what flows, as the admin listener serves
 * them.
 *
 * @module
 */

// The types are stripped when a file is first asked for: there is no build.
import { stripTypeScriptTypes } from "node:module";
// Without the query these would be the modules themselves, which are checked
// as what they are: programs of a browser.
import api from "./page/api.ts?source" with { type: "text" };
import chartOptions from "./page/chart_options.ts?source" with {
  type: "text",
};
import charts from "./page/charts.ts?source" with { type: "text" };
import columns from "./page/columns.ts?source" with { type: "text" };
import connectionLine from "./page/connection_line.ts?source" with {
  type: "text",
};
import dialogs from "./page/dialogs.ts?source" with { type: "text" };
import drainPanel from "./page/drain_panel.ts?source" with {
  type: "text",
};
import element from "./page/element.ts?source" with { type: "text" };
import eventParser from "./page/event_parser.ts?source" with {
  type: "text",
};
import filter from "./page/filter.ts?source" with { type: "text" };
import format from "./page/format.ts?source" with { type: "text" };
import grid from "./page/grid.ts?source" with { type: "text" };
import gridRow from "./page/grid_row.ts?source" with { type: "text" };
import gridPosition from "./page/grid_position.ts?source" with {
  type: "text",
};
import icon from "./page/icon.svg" with { type: "text" };
import html from "./page/index.html" with { type: "text" };
import listPanel from "./page/list_panel.ts?source" with {
  type: "text",
};
import live from "./page/live.ts?source" with { type: "text" };
import notices from "./page/notices.ts?source" with { type: "text" };
import order from "./page/order.ts?source" with { type: "text" };
import overview from "./page/overview.ts?source" with { type: "text" };
import pageCss from "./page/page.css" with { type: "text" };
import page from "./page/page.ts?source" with { type: "text" };
import rateHistory from "./page/rate_history.ts?source" with {
  type: "text",
};
import reloadButton from "./page/reload_button.ts?source" with {
  type: "text",
};
import sideTable from "./page/side_table.ts?source" with {
  type: "text",
};
import sideTables from "./page/side_tables.ts?source" with {
  type: "text",
};
import sparkline from "./page/sparkline.ts?source" with { type: "text" };
import tablesCss from "./page/tables.css" with { type: "text" };
import theme from "./page/theme.ts?source" with { type: "text" };
import tunnelFacts from "./page/tunnel_facts.ts?source" with {
  type: "text",
};
import tunnelList from "./page/tunnel_list.ts?source" with {
  type: "text",
};
import visibleRows from "./page/visible_rows.ts?source" with {
  type: "text",
};
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import { pagePolicy } from "../wire/web_safety.ts";

/** Modules of the page by the name of their file. */
const MODULES: Readonly<Record<string, string>> = {
  "api.ts": api,
  "chart_options.ts": chartOptions,
  "charts.ts": charts,
  "columns.ts": columns,
  "connection_line.ts": connectionLine,
  "dialogs.ts": dialogs,
  "drain_panel.ts": drainPanel,
  "element.ts": element,
  "event_parser.ts": eventParser,
  "filter.ts": filter,
  "format.ts": format,
  "grid.ts": grid,
  "grid_position.ts": gridPosition,
  "grid_row.ts": gridRow,
  "list_panel.ts": listPanel,
  "live.ts": live,
  "notices.ts": notices,
  "order.ts": order,
  "overview.ts": overview,
  "page.ts": page,
  "rate_history.ts": rateHistory,
  "reload_button.ts": reloadButton,
  "side_table.ts": sideTable,
  "side_tables.ts": sideTables,
  "sparkline.ts": sparkline,
  "theme.ts": theme,
  "tunnel_facts.ts": tunnelFacts,
  "tunnel_list.ts": tunnelList,
  "visible_rows.ts": visibleRows,
};

/**
 * Without these a browser would learn of a module only when it has read the one
 * that imports it: a round trip each, through SSH perhaps.
 */
const PRELOADS = Object.keys(MODULES)
  .map((name) => `<link rel="modulepreload" href="page/${name}">`)
  .join("\n    ");

/** The other files by their path. */
const FILES: Readonly<Record<string, PageFile>> = {
  "/": {
    type: "text/html",
    text: html.replace("</title>", `</title>\n    ${PRELOADS}`),
  },
  "/page/icon.svg": { type: "image/svg+xml", text: icon },
  "/page/page.css": { type: "text/css", text: pageCss },
  "/page/tables.css": { type: "text/css", text: tablesCss },
  "/page/uplot.css": { type: "text/css", text: uplotCss },
  "/page/uplot.js": { type: "text/javascript", text: uplot },
};

/** A file of the page. */
export interface PageFile {
  /** Its media type, without parameters; it is UTF-8. */
  readonly type: string;
  /** What is in it. */
  readonly text: string;
}

/** It is sent as `Content-Security-Policy`. */
export const PAGE_POLICY: string = pagePolicy();

/** Modules without their types, once somebody has asked for them. */
const scripts = new Map<string, string>();

/**
 * Finds a file of the page. None tells anything of the server: they need no
 * token.
 *
 * @param path What is asked for, without a query: `/`, or below `/page/`.
 * @returns The file; `undefined` where there is none.
 */
export function adminPage(path: string): PageFile | undefined {
  const script = scriptAt(path);
  if (script !== undefined) return { type: "text/javascript", text: script };
  return Object.hasOwn(FILES, path) ? FILES[path] : undefined;
}

function scriptAt(path: string): string | undefined {
  const name = /^\/page\/(\w+\.ts)$/.exec(path)?.[1];
  if (name === undefined || !Object.hasOwn(MODULES, name)) return undefined;
  let script = scripts.get(name);
  if (script === undefined) {
    script = stripTypeScriptTypes(MODULES[name]!);
    scripts.set(name, script);
  }
  return script;
}
