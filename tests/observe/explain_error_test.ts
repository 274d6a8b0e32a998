import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { explainError } from "../../lib/observe/explain_error.ts";

function withCode(code: string, message = "x"): Error {
  return Object.assign(new Error(message), { code });
}

const CASES: [error: unknown, words: string][] = [
  [
    withCode("EAI_AGAIN", "getaddrinfo EAI_AGAIN a.test"),
    "no name server answers (EAI_AGAIN)",
  ],
  [withCode("EMFILE"), "out of file descriptors (EMFILE)"],
  [withCode("ENOSPC"), "no space is left (ENOSPC)"],
  [
    withCode("EMULTIHOP", "Multihop attempted (os error 72)"),
    "Multihop attempted (EMULTIHOP)",
  ],
  [withCode("EWHAT", "read EWHAT"), "read EWHAT"],
  [withCode("bad_request", "No such tunnel"), "No such tunnel"],
  [new Error("No route to host (os error 113)"), "No route to host"],
  [new Deno.errors.NotCapable("net"), "Deno was not given the permission"],
  ["text", "text"],
  [undefined, "undefined"],
];

for (const [error, words] of CASES) {
  Deno.test(`explainError() returns "${words}"`, () => {
    assertEquals(explainError(error), words);
  });
}

Deno.test("explainError() explains errors of the real system", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const acts: [() => unknown, RegExp][] = [
    [() => Deno.listen({ hostname: "127.0.0.1", port }), /EADDRINUSE/],
    [() => Deno.listen({ hostname: "192.0.2.1", port: 0 }), /EADDRNOTAVAIL/],
    [() => Deno.readTextFileSync("/nowhere"), /ENOENT/],
    [() => Deno.readTextFileSync("/"), /EISDIR/],
  ];
  for (const [act, code] of acts) {
    const error = await assertRejects(async () => await act());
    const words = explainError(error);
    assertMatch(words, /^[a-z' -]+ \([A-Z]+\)$/);
    assertMatch(words, code);
  }
});
