import { assert, assertEquals } from "@std/assert";
import { visibleRows } from "../../../../lib/admin/page/grid/visible_rows.ts";

Deno.test("visibleRows() covers the visible part at any scroll position", () => {
  for (const count of [0, 1, 5, 100, 10_000]) {
    const whole = count * 30;
    for (const scrollTop of [-50, 0, 1, 29, 30, 899, whole - 300, 1e9]) {
      const about = `${count} rows at ${scrollTop}`;
      const { first, end, before, after } = visibleRows({
        scrollTop,
        height: 300,
        rowHeight: 30,
        count,
      });
      assert(first >= 0 && first <= end && end <= count, about);
      assert(end - first <= 11 + 2 * 6, about);
      assertEquals(before + 30 * (end - first) + after, whole, about);
      const top = Math.max(0, Math.min(scrollTop, whole - 300));
      assert(before <= top || count < 10, about);
      assert(before + 30 * (end - first) >= Math.min(top + 300, whole), about);
    }
  }
});
