import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

Deno.test({
  name: "sluice --workers refuses to start with too few descriptors",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const words = [Deno.execPath(), "run", "-A", "main.ts"];
    const start = (workers: string) =>
      new Deno.Command("sh", {
        args: [
          ...["-c", 'ulimit -n 30 && exec "$@"', "sh", ...words],
          ...["--listen", "127.0.0.1:0", "--workers", workers],
        ],
        cwd: ROOT,
        env: { NO_COLOR: "1" },
      }).output();
    const { code, stderr } = await start("3");
    assertEquals([code, new TextDecoder().decode(stderr)], [
      1,
      "sluice: Cannot start 3 workers: they need 80 file descriptors, and the limit is 30; raise it with ulimit -n 80, or give --workers 1\n",
    ]);
  },
});
