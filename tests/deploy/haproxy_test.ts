import { assertEquals, assertStringIncludes } from "@std/assert";
import { run, testPrograms } from "../support/programs.ts";

const CONFIG =
  new URL("../../scripts/deploy/haproxy.cfg", import.meta.url).pathname;

testPrograms({
  name: "haproxy.cfg passes haproxy -c without a warning",
  needs: ["haproxy"],
  async fn({ haproxy }) {
    const { code, text, stderr } = await run(haproxy, ["-c", "-f", CONFIG]);
    assertEquals(code, 0, stderr);
    assertStringIncludes(text + stderr, "Configuration file is valid");
    assertEquals(/warning/i.test(text + stderr), false, text + stderr);
  },
});
