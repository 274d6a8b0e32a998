import { assertEquals, assertRejects } from "@std/assert";
import { errorCode } from "../../lib/observe/error_code.ts";
import { closedPort } from "../support/sockets.ts";

Deno.test("errorCode() returns the code when given a system error", async () => {
  const error = await assertRejects(() =>
    Deno.connect({ hostname: "127.0.0.1", port: closedPort() })
  );
  assertEquals(errorCode(error), "ECONNREFUSED");
});

Deno.test("errorCode() returns undefined when the error has no code", () => {
  const cases = [undefined, null, "text", 1, new Error("x"), { code: 5 }];
  for (const error of cases) assertEquals(errorCode(error), undefined);
});
