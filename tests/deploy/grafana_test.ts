import { assert, assertEquals } from "@std/assert";
import { startTestAdmin } from "../support/admin.ts";
import { namesOf } from "../support/figures.ts";

interface Dashboard {
  panels: {
    id: number;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets: { expr: string }[];
  }[];
  templating: { list: { name: string; definition?: string }[] };
}

const DASHBOARD: Dashboard = JSON.parse(
  await Deno.readTextFile(
    new URL("../../scripts/deploy/grafana.json", import.meta.url),
  ),
);

/** Names of figures in an expression. */
function queried(text: string): string[] {
  return text.match(/\b(?:sluice|process)_\w+/g) ?? [];
}

Deno.test("grafana.json asks for figures that exist, and leaves none out", async () => {
  await using admin = await startTestAdmin();
  const known = namesOf((await admin.ask("GET", "/metrics")).text);
  const asked = new Set<string>();
  for (const { targets, title } of DASHBOARD.panels) {
    for (const { expr } of targets) {
      const names = queried(expr);
      assert(names.length > 0, `${title}: ${expr}`);
      for (const name of names) {
        assert(known.has(name), `${title}: ${name}`);
        asked.add(name);
      }
    }
  }
  for (const { definition = "" } of DASHBOARD.templating.list) {
    for (const name of queried(definition)) assert(known.has(name), name);
  }
  const unused = [...known].filter((name) =>
    !asked.has(name) && !/_(sum|count)$/.test(name)
  );
  assertEquals(unused, ["process_start_time_seconds"]);
});

Deno.test("grafana.json has panels that do not overlap", () => {
  const { panels } = DASHBOARD;
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { gridPos: a, id, title } of panels) {
    assert(a.x + a.w <= 24, title);
    for (const { gridPos: b, id: other } of panels) {
      const isApart = id === other || a.x + a.w <= b.x || b.x + b.w <= a.x ||
        a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert(isApart, title);
    }
  }
});
