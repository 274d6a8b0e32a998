import { assertEquals } from "@std/assert";
import { crc32c } from "../../../lib/wire/proxy/crc32c.ts";

Deno.test("crc32c() returns the checksums of RFC 3720 appendix B.4", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, n) => n);
  const cases: [Uint8Array, number][] = [
    [new Uint8Array(), 0],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [ascending, 0x46dd794e],
    [ascending.toReversed(), 0x113fdb5c],
    [new TextEncoder().encode("123456789"), 0xe3069283],
  ];
  for (const [bytes, sum] of cases) assertEquals(crc32c(bytes), sum);
});
