import { assertEquals } from "@std/assert";
import { refuseOrigin } from "../../../lib/policy/users/web_origin.ts";

const ALLOWED = new Set(["https://chat.example.com", "http://hub.test:7001"]);

const CASES: [host: string, origins: string[], isAllowed: boolean][] = [
  ["127.0.0.1:7001", [], true],
  ["evil.test:7001", [], true],
  ["127.0.0.1:7001", ["http://127.0.0.1:7001"], true],
  ["127.0.0.1", ["http://127.0.0.1"], true],
  ["127.0.0.1:80", ["http://127.0.0.1"], true],
  ["[::1]:7001", ["http://[::1]:7001"], true],
  ["localhost:7001", ["http://localhost:7001"], true],
  ["a.localhost:7001", ["http://a.localhost:7001"], true],
  ["127.0.0.1:7001", ["https://chat.example.com"], true],
  ["hub.test:7001", ["http://hub.test:7001"], true],
  ["127.0.0.1:7001", ["http://127.0.0.1:7002"], false],
  ["127.0.0.1:7001", ["https://127.0.0.1:7001"], false],
  ["127.0.0.1:7001", ["http://localhost:7001"], false],
  ["127.0.0.1:7001", ["https://evil.test"], false],
  ["127.0.0.1:7001", ["https://chat.example.com.evil.test"], false],
  ["127.0.0.1:7001", ["null"], false],
  ["127.0.0.1:7001", [""], false],
  ["127.0.0.1:7001", ["http://127.0.0.1:7001", "http://evil.test"], false],
  // A name that an attacker makes resolve to this machine.
  ["evil.test:7001", ["http://evil.test:7001"], false],
  ["localhost.evil.test", ["http://localhost.evil.test"], false],
  ["", ["http://127.0.0.1:7001"], false],
];

for (const [host, origins, isAllowed] of CASES) {
  const does = isAllowed ? "lets in" : "refuses";
  Deno.test(`refuseOrigin() ${does} '${origins}' at '${host}'`, () => {
    const reason = refuseOrigin(
      { origins, host, isSecure: false },
      ALLOWED,
    );
    assertEquals(reason === undefined, isAllowed, reason);
  });
}

Deno.test("refuseOrigin() distinguishes pages over TLS from others", () => {
  const host = "127.0.0.1:7001";
  for (const isSecure of [false, true]) {
    for (const scheme of ["http", "https"]) {
      const origins = [`${scheme}://${host}`];
      const reason = refuseOrigin({ origins, host, isSecure }, new Set());
      assertEquals(reason === undefined, isSecure === (scheme === "https"));
    }
  }
});
