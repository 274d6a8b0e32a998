import { assertEquals, assertThrows } from "@std/assert";
import { formatEndpoint, parseEndpoint } from "../../lib/wire/endpoint.ts";

Deno.test("parseEndpoint() reads ports and paths, and formatEndpoint() writes them", () => {
  const cases = [
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["example.com:80", { host: "example.com", port: 80 }],
    ["unix:/run/a.sock", { path: "/run/a.sock" }],
    ["unix:a b:c", { path: "a b:c" }],
    [`unix:${"x".repeat(103)}`, { path: "x".repeat(103) }],
  ] as const;
  for (const [text, endpoint] of cases) {
    assertEquals<unknown>(parseEndpoint(text, ""), endpoint);
    assertEquals(formatEndpoint(endpoint), text);
  }
  assertEquals<unknown>(parseEndpoint("80", "localhost"), {
    host: "localhost",
    port: 80,
  });
});

Deno.test("parseEndpoint() says what is wrong", () => {
  const cases = [
    ["unix:", "has no path"],
    ["unix:a\0b", "has no path"],
    [`unix:${"x".repeat(104)}`, "has 104 bytes"],
    [`unix:${"ü".repeat(52)}`, "has 104 bytes"],
    ["UNIX:/a", "port '/a' is not a number"],
    ["::1", "needs brackets"],
  ] as const;
  for (const [text, why] of cases) {
    assertThrows(() => parseEndpoint(text, ""), SyntaxError, why);
  }
});
