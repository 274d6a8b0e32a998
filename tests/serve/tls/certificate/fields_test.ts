import { assertEquals, assertThrows } from "@std/assert";
import { readCertificateFields } from "../../../../lib/serve/tls/certificate/fields.ts";
import { derOf, issue } from "../../../support/certificates.ts";

Deno.test("readCertificateFields() takes no part of a certificate for one", async () => {
  const bytes = derOf(await issue({ name: "alice" }));
  assertEquals(readCertificateFields(bytes).subject.length, 1);
  for (let end = 0; end < bytes.length; end++) {
    const read = () => readCertificateFields(bytes.subarray(0, end));
    assertThrows(read, SyntaxError, undefined, `${end}`);
  }
});

Deno.test("readCertificateFields() takes no extension twice", async () => {
  const settings = { name: "alice", unknown: "2.5.29.19" }; // basicConstraints
  const bytes = derOf(await issue(settings));
  assertThrows(
    () => readCertificateFields(bytes),
    SyntaxError,
    "an extension comes twice",
  );
});
