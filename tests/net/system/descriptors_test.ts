import { assertEquals } from "@std/assert";
import { connectionCapacity } from "../../../lib/net/system/descriptors.ts";

const MODULE =
  new URL("../../../lib/net/system/descriptors.ts", import.meta.url).href;
const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "connectionCapacity() has room for two descriptors each, and a reserve",
  async fn() {
    if (!isLinux) {
      // The system does not say: that is no limit.
      assertEquals(connectionCapacity(), Infinity);
      return;
    }
    const code = `import { connectionCapacity } from "${MODULE}";
      Deno.stdout.writeSync(
        new TextEncoder().encode(String(connectionCapacity())),
      );`;
    const cases = [
      { limit: 64, want: 12 },
      { limit: 256, want: 108 },
      { limit: 257, want: 108 },
      { limit: 1024, want: 492 },
    ];
    for (const { limit, want } of cases) {
      const command = new Deno.Command("sh", {
        args: [
          "-c",
          'ulimit -n "$0" && exec "$@"',
          String(limit),
          Deno.execPath(),
          "eval",
          code,
        ],
      });
      const { stdout } = await command.output();
      assertEquals(new TextDecoder().decode(stdout), String(want));
    }
  },
});

Deno.test({
  name: "connectionCapacity() is no limit when it may not read",
  permissions: { read: false },
  fn() {
    assertEquals(connectionCapacity(), Infinity);
  },
});
