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
import api from "./admin_page/api.ts?source" with { type: "text" };
import chartOptions from "./admin_page/chart_options.ts?source" with {
  type: "text",
};
import charts from "./admin_page/charts.ts?source" with { type: "text" };
import columns from "./admin_page/columns.ts?source" with { type: "text" };
import connectionLine from "./admin_page/connection_line.ts?source" with {
  type: "text",
};
import dialogs from "./admin_page/dialogs.ts?source" with { type: "text" };
import drainPanel from "./admin_page/drain_panel.ts?source" with {
  type: "text",
};
import element from "./admin_page/element.ts?source" with { type: "text" };
import eventParser from "./admin_page/event_parser.ts?source" with {
  type: "text",
};
import filter from "./admin_page/filter.ts?source" with { type: "text" };
import format from "./admin_page/format.ts?source" with { type: "text" };
import grid from "./admin_page/grid.ts?source" with { type: "text" };
import gridPosition from "./admin_page/grid_position.ts?source" with {
  type: "text",
};
import icon from "./admin_page/icon.svg" with { type: "text" };
import html from "./admin_page/index.html" with { type: "text" };
import listPanel from "./admin_page/list_panel.ts?source" with {
  type: "text",
};
import live from "./admin_page/live.ts?source" with { type: "text" };
import notices from "./admin_page/notices.ts?source" with { type: "text" };
import order from "./admin_page/order.ts?source" with { type: "text" };
import overview from "./admin_page/overview.ts?source" with { type: "text" };
import pageCss from "./admin_page/page.css" with { type: "text" };
import page from "./admin_page/page.ts?source" with { type: "text" };
import rateHistory from "./admin_page/rate_history.ts?source" with {
  type: "text",
};
import sideTables from "./admin_page/side_tables.ts?source" with {
  type: "text",
};
import sparkline from "./admin_page/sparkline.ts?source" with { type: "text" };
import tablesCss from "./admin_page/tables.css" with { type: "text" };
import theme from "./admin_page/theme.ts?source" with { type: "text" };
import tunnelFacts from "./admin_page/tunnel_facts.ts?source" with {
  type: "text",
};
import tunnelList from "./admin_page/tunnel_list.ts?source" with {
  type: "text",
};
import visibleRows from "./admin_page/visible_rows.ts?source" with {
  type: "text",
};
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };

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
  "list_panel.ts": listPanel,
  "live.ts": live,
  "notices.ts": notices,
  "order.ts": order,
  "overview.ts": overview,
  "page.ts": page,
  "rate_history.ts": rateHistory,
  "side_tables.ts": sideTables,
  "sparkline.ts": sparkline,
  "theme.ts": theme,
  "tunnel_facts.ts": tunnelFacts,
  "tunnel_list.ts": tunnelList,
  "visible_rows.ts": visibleRows,
};

/** The other files by their path. */
const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "/": ["text/html", html],
  "/page/icon.svg": ["image/svg+xml", icon],
  "/page/page.css": ["text/css", pageCss],
  "/page/tables.css": ["text/css", tablesCss],
  "/page/uplot.css": ["text/css", uplotCss],
  "/page/uplot.js": ["text/javascript", uplot],
};

/** Nothing from elsewhere, nothing inline, no markup made by a script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** A file of the page. */
export interface PageResponse {
  /** The file, as text. */
  body: string;
  /** What goes with it, by lower-case name. */
  headers: Readonly<Record<string, string>>;
}

/** Modules without their types, once somebody has asked for them. */
const scripts = new Map<string, string>();

/**
 * Gives a file of the page. None tells anything of the server: they need no
 * token.
 *
 * @param path What is asked for, without a query: `/`, or below `/page/`.
 * @returns The body and headers of the answer to `GET`; `undefined` where there
 * is no such file.
 */
export function pageResponse(path: string): PageResponse | undefined {
  const script = scriptAt(path);
  if (script !== undefined) return respond("text/javascript", script);
  if (!Object.hasOwn(FILES, path)) return undefined;
  const [type, text] = FILES[path]!;
  return respond(type, text);
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

function respond(type: string, body: string): PageResponse {
  return {
    body,
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
    },
  };
}
