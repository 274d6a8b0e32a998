import { assertEquals } from "@std/assert";
import { run, testPrograms, WITHOUT_PROC } from "../support/programs.ts";
import { cacheEnvironment, SLUICE } from "../support/sluice_commands.ts";

const MISSING =
  "sluice: /proc is not mounted, and Deno needs it; mount it: mount -t proc proc /proc\n";

testPrograms({
  name: "requireProc() makes every command report a missing /proc",
  needs: ["unshare (mounts)"],
  async fn({ "unshare (mounts)": unshare }, context) {
    const commands = [
      ["--listen", "127.0.0.1:0", "--user", "alice:secret"],
      ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"],
      ["doctor"],
      ["check", "-c", "/nowhere.jsonc"],
      ["cert", "list"],
    ];
    for (const args of commands) {
      await context.step(args.join(" "), async () => {
        const { code, stderr } = await run(
          unshare,
          ["-rm", ...WITHOUT_PROC, ...SLUICE, ...args],
          { env: cacheEnvironment() },
        );
        assertEquals({ code, stderr }, { code: 1, stderr: MISSING });
      });
    }
  },
});

testPrograms({
  name: "--help and --version work without /proc",
  needs: ["unshare (mounts)"],
  async fn({ "unshare (mounts)": unshare }) {
    for (const args of [["--help"], ["--version"], ["cert"]]) {
      const { code, stderr } = await run(
        unshare,
        ["-rm", ...WITHOUT_PROC, ...SLUICE, ...args],
        { env: cacheEnvironment() },
      );
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    }
  },
});
