import { assertEquals } from "@std/assert";
import { REPLY } from "../../../lib/wire/socks/v4.ts";
import { encodeReply } from "../../../lib/wire/socks/v4_reply.ts";

Deno.test("encodeReply() of SOCKS4 writes zeros when no address is given", () => {
  assertEquals(
    encodeReply(REPLY.Granted),
    Uint8Array.of(0, 90, 0, 0, 0, 0, 0, 0),
  );
  assertEquals(
    encodeReply(REPLY.Rejected),
    Uint8Array.of(0, 91, 0, 0, 0, 0, 0, 0),
  );
});

Deno.test("encodeReply() of SOCKS4 lays out port and address", () => {
  const ip = Uint8Array.of(192, 0, 2, 1);
  for (const port of [0, 1, 255, 256, 8080, 65535]) {
    assertEquals(
      encodeReply(REPLY.Granted, { ip, port }),
      Uint8Array.of(0, 90, port >> 8, port & 0xff, 192, 0, 2, 1),
    );
  }
});
