import { assertEquals, assertThrows } from "@std/assert";
import { parseCertificateName } from "../../lib/certs/name.ts";

Deno.test("parseCertificateName() accepts names that are valid file names everywhere", () => {
  const names = [
    "a",
    "7",
    "alice",
    "Alice.Smith-2_x",
    "cat",
    "ca.example.com",
    "alice@example.com",
    "alice+laptop@Example.com",
    "a".repeat(64),
  ];
  for (const name of names) assertEquals(parseCertificateName(name), name);
});

Deno.test("parseCertificateName() says why a name is refused", async (t) => {
  const file = "can't be the name of a file everywhere";
  const cases: { name: string; why: string }[] = [
    { name: "", why: file },
    { name: ".", why: file },
    { name: "..", why: file },
    { name: ".hidden", why: file },
    { name: "-rf", why: file },
    { name: "../ca", why: file },
    { name: "a/b", why: file },
    { name: "a\\b", why: file },
    { name: "a b", why: file },
    { name: "a,O=b", why: file },
    { name: "a=b", why: file },
    { name: "a\nb", why: file },
    { name: "a\0", why: file },
    { name: "a\n", why: file },
    { name: "ż", why: file },
    { name: "*", why: file },
    { name: "a:b", why: file },
    { name: "$(id)", why: file },
    { name: "@example.com", why: file },
    { name: "ca", why: "is the name of the authority's files" },
    { name: "CA", why: "is the name of the authority's files" },
    { name: "a".repeat(65), why: "has 65 characters, more than 64" },
    { name: "a@", why: "is not a mail address" },
    { name: "a@b@c", why: "is not a mail address" },
    { name: "a.@b", why: "is not a mail address" },
    { name: "a..b@c", why: "is not a mail address" },
    { name: "a@b..c", why: "is not a mail address" },
    { name: "a@127.0.0.1", why: "is not a mail address" },
    { name: "a@b_c", why: "is not a mail address" },
  ];
  for (const { name, why } of cases) {
    await t.step(JSON.stringify(name), () => {
      assertThrows(() => parseCertificateName(name), SyntaxError, why);
    });
  }
});
