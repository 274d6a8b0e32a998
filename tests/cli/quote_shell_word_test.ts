import { assertEquals } from "@std/assert";
import { quoteShellWord } from "../../lib/cli/quote_shell_word.ts";

Deno.test({
  name:
    "quoteShellWord() returns one word of a shell, whatever the text contains",
  ignore: Deno.build.os === "windows",
  async fn() {
    assertEquals(quoteShellWord("/run/a.sock"), "/run/a.sock");
    const words = ["a b", "it's", "$HOME", "a;b&c", "`x`", '"', "[::1]:80", ""];
    const line = words.map(quoteShellWord).join(" ");
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", `printf '%s\\n' ${line}`],
    }).output();
    assertEquals(new TextDecoder().decode(stdout), words.join("\n") + "\n");
  },
});
