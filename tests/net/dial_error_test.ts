import { assertEquals } from "@std/assert";
import { DialError, dialErrorKind } from "../../lib/net/dial_error.ts";

function withCode(code: string): Error {
  return Object.assign(new Error("message says nothing"), { code });
}

Deno.test("dialErrorKind() classifies by code, else by class", () => {
  const cases: [unknown, string][] = [
    [withCode("ECONNREFUSED"), "refused"],
    [withCode("ECONNRESET"), "refused"],
    [withCode("ENETUNREACH"), "network unreachable"],
    [withCode("ENETDOWN"), "network unreachable"],
    [withCode("EADDRNOTAVAIL"), "network unreachable"],
    [withCode("EHOSTUNREACH"), "host unreachable"],
    [withCode("EHOSTDOWN"), "host unreachable"],
    [withCode("ETIMEDOUT"), "timeout"],
    [withCode("EMFILE"), "no descriptors"],
    [withCode("ENFILE"), "no descriptors"],
    [withCode("EACCES"), "forbidden"],
    [withCode("EPERM"), "forbidden"],
    [withCode("EWHATEVER"), "failed"],
    [withCode("toString"), "failed"],
    [new Deno.errors.ConnectionRefused("x"), "refused"],
    [new Deno.errors.ConnectionReset("x"), "refused"],
    [new Deno.errors.NetworkUnreachable("x"), "network unreachable"],
    [new Deno.errors.AddrNotAvailable("x"), "network unreachable"],
    [new Deno.errors.TimedOut("x"), "timeout"],
    [new Deno.errors.PermissionDenied("x"), "forbidden"],
    [new Deno.errors.NotCapable("x"), "forbidden"],
    [new DialError("timeout", "x"), "timeout"],
    [new Error("connection refused"), "failed"],
    [undefined, "failed"],
  ];
  for (const [error, kind] of cases) {
    assertEquals(dialErrorKind(error), kind, String(error));
  }
});
