import { assertEquals } from "@std/assert";
import { isOfOneClient } from "../../lib/net/accept_error.ts";

function withCode(code: string): Error {
  return Object.assign(new Error("message says nothing"), { code });
}

Deno.test("isOfOneClient() distinguishes a lost connection from exhausted resources", () => {
  const cases: [unknown, boolean][] = [
    [new Deno.errors.ConnectionAborted("x"), true],
    [new Deno.errors.ConnectionReset("x"), true],
    [new Deno.errors.NotConnected("x"), true],
    [withCode("EPROTO"), true],
    [withCode("ENOTCONN"), true],
    [withCode("EMFILE"), false],
    [withCode("ENFILE"), false],
    [withCode("ENOBUFS"), false],
    [withCode("ENOMEM"), false],
    [new Deno.errors.BadResource("x"), false],
    [new Error("Connection reset"), false],
    [undefined, false],
  ];
  for (const [error, expected] of cases) {
    assertEquals(isOfOneClient(error), expected, String(error));
  }
});
