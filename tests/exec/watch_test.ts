import { assertStringIncludes } from "@std/assert";
import { Watch } from "../../lib/exec/watch.ts";

Deno.test("Watch learns a rule for a forwarded port too", () => {
  const watch = new Watch();
  watch.take({
    event: "connection",
    code: "client-closed",
    startedAt: 0,
    duration: 1,
    listener: "unix:fence:1",
    client: "unix",
    protocol: "tcp",
    target: "db.example:5432",
    sent: 10,
    received: 20,
    result: "ok",
    reason: "",
  });
  assertStringIncludes(watch.learnt(), "\nallow name db.example port 5432\n");
});
