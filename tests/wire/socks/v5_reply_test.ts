import { assertEquals } from "@std/assert";
import { REPLY } from "../../../lib/wire/socks/v5.ts";
import { encodeReply } from "../../../lib/wire/socks/v5_reply.ts";

const IPV4 = new Uint8Array([127, 0, 0, 1]);
const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => n);

Deno.test("encodeReply() writes the plain ten bytes when refusing", () => {
  for (const reply of Object.values(REPLY)) {
    assertEquals(
      encodeReply(reply),
      new Uint8Array([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]),
    );
  }
});

Deno.test("encodeReply() lays out every field", () => {
  const cases = [
    { ip: IPV4, port: 0, want: [5, 0, 0, 1, ...IPV4, 0, 0] },
    { ip: IPV4, port: 8080, want: [5, 0, 0, 1, ...IPV4, 0x1f, 0x90] },
    { ip: IPV4, port: 65535, want: [5, 0, 0, 1, ...IPV4, 0xff, 0xff] },
    { ip: IPV6, port: 1, want: [5, 0, 0, 4, ...IPV6, 0, 1] },
    { ip: IPV6, port: 256, want: [5, 0, 0, 4, ...IPV6, 1, 0] },
  ];
  for (const { ip, port, want } of cases) {
    const got = encodeReply(REPLY.Succeeded, { ip, port });
    assertEquals(got, new Uint8Array(want));
  }
});

Deno.test("encodeReply() returns a new buffer each time", () => {
  encodeReply(REPLY.GeneralFailure).fill(0xff);
  assertEquals(
    encodeReply(REPLY.GeneralFailure),
    new Uint8Array([5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
  );
});
