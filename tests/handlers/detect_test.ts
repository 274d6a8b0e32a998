import { assertEquals } from "@std/assert";
import { startTestProxy } from "../support/proxy.ts";
import { readToEnd, within, writeAll } from "../support/sockets.ts";

/** What the log calls the protocol, by the first byte; none is refused. */
function expected(byte: number): string | undefined {
  if (byte === 0x04) return "socks4";
  if (byte === 0x05) return "socks5";
  return /[A-Za-z]/.test(String.fromCharCode(byte)) ? "http" : undefined;
}

Deno.test("detect() chooses the protocol by the first byte, and closes for all others", async () => {
  await using proxy = await startTestProxy();
  for (let byte = 0; byte < 256; byte++) {
    using conn = await proxy.connect();
    await writeAll(conn, [byte]);
    await conn.closeWrite();
    await within(5_000, readToEnd(conn));
    const { protocol, reason, result } =
      (await within(5_000, proxy.whenEnded(byte + 1)))[byte]!;
    assertEquals(protocol?.slice(0, 6), expected(byte)?.slice(0, 6));
    if (expected(byte) !== undefined) continue;
    const hex = byte.toString(16).padStart(2, "0");
    assertEquals(result, "refused");
    assertEquals(
      reason,
      `Cannot speak the client's protocol: first byte is 0x${hex}`,
    );
  }
});

Deno.test("detect() closes a protocol that the listener is not to speak", async () => {
  const first = { socks5: 0x05, socks4: 0x04, http: "G".charCodeAt(0) };
  const names = ["socks5", "socks4", "http"] as const;
  for (const left of names) {
    const protocols = names.filter((name) => name !== left);
    await using proxy = await startTestProxy({ protocols });
    using conn = await proxy.connect();
    await writeAll(conn, [first[left], 1, 0]);
    assertEquals(await within(5_000, readToEnd(conn)), new Uint8Array());
    await conn.closeWrite();
    const [record] = await within(5_000, proxy.whenEnded(1));
    assertEquals(record!.result, "refused");
    const hex = first[left].toString(16).padStart(2, "0");
    assertEquals(
      record!.reason,
      `Cannot speak ${left}: first byte is 0x${hex}`,
    );
  }
});
