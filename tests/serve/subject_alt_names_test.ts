import { assertEquals, assertThrows } from "@std/assert";
import {
  parseSubjectAltName,
  parseSubjectAltNames,
} from "../../lib/serve/subject_alt_names.ts";

const LABEL = "a".repeat(63);

/** 253 characters. */
const LONG = [LABEL, LABEL, LABEL, "a".repeat(61)].join(".");

Deno.test("parseSubjectAltName() accepts names and addresses", async (t) => {
  const cases: { text: string; host: string | number[] }[] = [
    { text: "localhost", host: "localhost" },
    { text: "Proxy.Example.COM", host: "proxy.example.com" },
    { text: "*.example.com", host: "*.example.com" },
    { text: "xn--bcher-kva.example", host: "xn--bcher-kva.example" },
    { text: "1.2.3.example", host: "1.2.3.example" },
    { text: "3com", host: "3com" },
    { text: LONG, host: LONG },
    { text: "127.0.0.1", host: [127, 0, 0, 1] },
    { text: "::1", host: [...new Array(15).fill(0), 1] },
  ];
  for (const { text, host } of cases) {
    await t.step(text, () => {
      const want = typeof host === "string" ? host : new Uint8Array(host);
      assertEquals(parseSubjectAltName(text), want);
    });
  }
});

Deno.test("parseSubjectAltName() says why a text is neither", async (t) => {
  const scheme = "is neither a name nor an address";
  const label = "has the label";
  const cases: { text: string; why: string }[] = [
    { text: "", why: "'' is empty" },
    { text: "example.com.", why: "ends with a dot" },
    { text: "a..b", why: "has an empty label" },
    { text: ".a", why: "has an empty label" },
    { text: "https://a", why: scheme },
    { text: "a:443", why: scheme },
    { text: "127.0.0.1:443", why: scheme },
    { text: "[::1]", why: scheme },
    { text: "fe80::1%eth0", why: scheme },
    { text: ":::", why: scheme },
    { text: "10.0.0.0/8", why: scheme },
    { text: "0.0.0.0", why: "is not an address that clients connect to" },
    { text: "::", why: "is not an address that clients connect to" },
    { text: "*", why: "has a *" },
    { text: "*.", why: "ends with a dot" },
    { text: "*.com", why: "covers too much" },
    { text: "*.*.com", why: "has a *" },
    { text: "a*.example.com", why: "has a *" },
    { text: "a.*.com", why: "has a *" },
    { text: "my_host", why: `${label} 'my_host'` },
    { text: "-a.example", why: `${label} '-a'` },
    { text: "a-.example", why: `${label} 'a-'` },
    { text: "a b", why: `${label} 'a b'` },
    { text: "a\nb", why: label },
    { text: "a\0b", why: label },
    { text: "bücher.example", why: "has letters beyond ASCII" },
    { text: "a".repeat(64), why: "has a label of 64 characters" },
    { text: `a.${LONG}`, why: "has 255 characters" },
    { text: "127.1", why: "is not an address" },
    { text: "127.0.0.256", why: "is not an address" },
    { text: "127.0.0.01", why: "is not an address" },
    { text: "0x7f.1", why: "is not an address" },
    { text: "0x7f000001", why: "is not an address" },
    { text: "2130706433", why: "is not an address" },
    { text: "alice@example.com", why: `${label} 'alice@example'` },
  ];
  for (const { text, why } of cases) {
    await t.step(JSON.stringify(text), () => {
      assertThrows(() => parseSubjectAltName(text), SyntaxError, why);
    });
  }
});

Deno.test("parseSubjectAltNames() joins lists and keeps each name once", () => {
  const ip = new Uint8Array([127, 0, 0, 1]);
  assertEquals(parseSubjectAltNames(["a, B", "b,127.0.0.1,127.0.0.1"]), [
    "a",
    "b",
    ip,
  ]);
  assertEquals(parseSubjectAltNames([]), []);
});

Deno.test("parseSubjectAltNames() refuses gaps and too many", () => {
  for (const list of ["a,", ",a", "a,,b", ","]) {
    assertThrows(
      () => parseSubjectAltNames([list]),
      SyntaxError,
      "'' is empty",
    );
  }
  const names = (
    count: number,
  ) => [Array.from({ length: count }, (_, n) => `a${n}`).join()];
  assertEquals(parseSubjectAltNames(names(100)).length, 100);
  assertThrows(
    () => parseSubjectAltNames(names(101)),
    SyntaxError,
    "101 names",
  );
});
