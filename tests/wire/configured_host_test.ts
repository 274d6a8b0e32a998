import { assertEquals, assertThrows } from "@std/assert";
import { parseListenEndpoint } from "../../lib/wire/endpoint.ts";
import { parseConfiguredHost } from "../../lib/wire/host_name.ts";

Deno.test("parseConfiguredHost() accepts names and addresses", () => {
  for (const name of ["localhost", "example.com.", "1host", "a.1", "0x7f.1"]) {
    assertEquals(parseConfiguredHost(name), name);
  }
  assertEquals(parseConfiguredHost("127.0.0.1"), Uint8Array.of(127, 0, 0, 1));
});

Deno.test("parseConfiguredHost() refuses a number as a name", () => {
  for (const text of ["256.1.1.1", "1.2.3", "1.2.3.4.5", "7", "127.1."]) {
    assertThrows(
      () => parseConfiguredHost(text),
      SyntaxError,
      `'${text}' is not an IPv4 address (four numbers from 0 to 255)`,
    );
  }
});

Deno.test("parseListenEndpoint() checks the host, and shortens a long one", () => {
  assertThrows(
    () => parseListenEndpoint("256.1.1.1:1080"),
    SyntaxError,
    "'256.1.1.1' is not an IPv4 address",
  );
  const error = assertThrows(
    () => parseListenEndpoint(`${"a".repeat(5_000)}:80`),
    SyntaxError,
  );
  assertEquals(error.message, "name has 5000 characters, more than 253");
  assertEquals(parseListenEndpoint(":80"), { host: "", port: 80 });
});
