import { assertEquals } from "@std/assert";
import { run, testPrograms } from "../support/programs.ts";
import { cacheEnvironment, SLUICE } from "../support/sluice_commands.ts";

const WHY = "Cannot resolve a.example: no name server answers (EAI_AGAIN)";

testPrograms({
  name: "every command says in words that no name server answers",
  needs: ["unshare (network)"],
  async fn({ "unshare (network)": unshare }) {
    const sluice = async (...args: string[]) => {
      const { code, stderr, text } = await run(
        unshare,
        ["-rn", ...SLUICE, ...args],
        { env: { ...cacheEnvironment(), NO_COLOR: "1" } },
      );
      return { code, stderr, text };
    };
    assertEquals(
      await sluice("rules", "test", "--target", "a.example:1"),
      {
        code: 0,
        stderr: "",
        text:
          `a.example:1: Allowed by default, whatever its address\n  The client would be told: ${WHY}\nallowed\n`,
      },
    );
    const failed = { code: 1, stderr: `sluice: ${WHY}\n`, text: "" };
    assertEquals(await sluice("connect", "a.example:1"), failed);
  },
});
