import { assertEquals } from "@std/assert";
import { userNameFault } from "../../../lib/policy/users/user_name.ts";

Deno.test("userNameFault() returns undefined for a valid name", () => {
  const names = ["a", "alice", "al ice", "Zoë", "a#b", "@", "$scrypt$", "🦀"];
  for (const name of [...names, "n".repeat(255), "ö".repeat(127)]) {
    assertEquals(userNameFault(name), undefined, name);
  }
});

Deno.test("userNameFault() says what was expected when the name is invalid", () => {
  const cases: [name: string, fault: string][] = [
    ["", "expected a name of 1 to 255 bytes, not 0"],
    ["n".repeat(256), "expected a name of 1 to 255 bytes, not 256"],
    ["ö".repeat(128), "expected a name of 1 to 255 bytes, not 256"],
    ["a:b", "expected a name without a colon"],
    ["a\tb", "expected a name without control characters"],
    ["a\nb", "expected a name without control characters"],
    ["a\u0085b", "expected a name without control characters"],
    [" a", "expected a name without spaces around it"],
    ["a\u00a0", "expected a name without spaces around it"],
    ["#a", "expected a name that is not a comment"],
  ];
  for (const [name, fault] of cases) assertEquals(userNameFault(name), fault);
});
