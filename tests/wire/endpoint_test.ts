import { assertEquals, assertThrows } from "@std/assert";
import {
  formatEndpoint,
  parseEndpoint,
  parseListenEndpoint,
} from "../../lib/wire/endpoint.ts";

Deno.test("parseEndpoint() parses ports and paths, and formatEndpoint() writes them", () => {
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

Deno.test("parseEndpoint() says what is wrong when the text is invalid", () => {
  const cases = [
    ["unix:", "has no path"],
    ["unix:a\0b", "has no path"],
    [`unix:${"x".repeat(104)}`, "has 104 bytes"],
    [`unix:${"ü".repeat(52)}`, "has 104 bytes"],
    ["unix:@name", "'unix:@name' is an abstract name, which is not supported"],
    ["unix:@name", "such as unix:/run/name.sock"],
    ["unix:@", "such as unix:/run/sluice.sock"],
    ["UNIX:/a", "port '/a' is not a number"],
    ["::1", "needs brackets"],
  ] as const;
  for (const [text, why] of cases) {
    assertThrows(() => parseEndpoint(text, ""), SyntaxError, why);
  }
});

Deno.test("parseListenEndpoint() parses ports, paths and permissions", () => {
  const cases = [
    ["1080", { host: "127.0.0.1", port: 1080 }],
    [":1080", { host: "", port: 1080 }],
    ["[::1]:1080", { host: "::1", port: 1080 }],
    ["unix:/run/a.sock", { path: "/run/a.sock" }],
    ["unix:./@a", { path: "./@a" }],
    ["unix:/run/a.sock,mode=660", { path: "/run/a.sock", mode: 0o660 }],
    ["unix:/run/a.sock,mode=006", { path: "/run/a.sock", mode: 6 }],
  ] as const;
  for (const [text, endpoint] of cases) {
    assertEquals<unknown>(parseListenEndpoint(text), endpoint);
  }
});

Deno.test("parseListenEndpoint() says what is wrong when the text is invalid", () => {
  const cases = [
    ["unix:", "has no path"],
    ["unix:,mode=660", "has no path"],
    ["unix:@name,mode=660", "is an abstract name"],
    ["unix:/a,mode=", "mode '' is not three octal digits such as 660"],
    ["unix:/a,mode=0660", "mode '0660' is not three octal digits"],
    ["unix:/a,mode=678", "mode '678' is not three octal digits"],
    ["unix:/a,mode=rw", "mode 'rw' is not three octal digits"],
  ] as const;
  for (const [text, why] of cases) {
    assertThrows(() => parseListenEndpoint(text), SyntaxError, why);
  }
});
