import { assertEquals, assertThrows } from "@std/assert";
import { ADMIN_OPTIONS } from "../../../lib/serve/options/admin.ts";

Deno.test("ADMIN_OPTIONS.admin takes a host and port, a port, or a path", () => {
  const { parse } = ADMIN_OPTIONS.admin;
  assertEquals(parse([]), undefined);
  assertEquals(parse(["9090"]), { host: "127.0.0.1", port: 9090 });
  assertEquals(parse([":9090"]), { host: "", port: 9090 });
  assertEquals(parse(["[::1]:9090"]), { host: "::1", port: 9090 });
  assertEquals(parse(["unix:/run/s.sock"]), { path: "/run/s.sock" });
  for (const text of ["", "unix:", "host", "1.2.3.4:99999"]) {
    assertThrows(() => parse([text]), SyntaxError);
  }
  assertThrows(() => parse(["1", "2"]), SyntaxError);
});
