import { assertEquals, assertRejects } from "@std/assert";
import { errorCode } from "../../lib/observe/error_code.ts";
import { closedPort } from "../support/sockets.ts";

Deno.test("errorCode() reads the code of a system error", async () => {
  const error = await assertRejects(() =>
    Deno.connect({ hostname: "127.0.0.1", port: closedPort() })
  );
  assertEquals(errorCode(error), "ECONNREFUSED");
});

Deno.test("errorCode() returns undefined when there is none", () => {
  const cases = [undefined, null, "text", 1, new Error("x"), { code: 5 }];
  for (const error of cases) assertEquals(errorCode(error), undefined);
});
