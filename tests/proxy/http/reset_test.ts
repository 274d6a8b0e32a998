import { assertEquals } from "@std/assert";
import { startTestProxy } from "../../support/proxy.ts";
import {
  HAS_RESETS,
  receive,
  resetAndClose,
} from "../../support/reset_ends.ts";
import {
  readExactly,
  startServer,
  within,
  writeAll,
} from "../../support/sockets.ts";

const LENGTH = "Content-Length: 100\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

interface Case {
  name: string;
  /** How the answer is framed, and what of it comes. */
  fields: string;
  body: string;
  /** How the origin server ends. */
  end: "reset" | "close";
  minor?: 0 | 1;
  want: "FIN" | "RST";
  /** What the client gets of the body (default: what comes). */
  got?: string;
  resetRelay?: "off";
}

const CASES: Case[] = [
  {
    name: "an answer up to the end that is reset",
    ...{ fields: "", body: "part", end: "reset", want: "RST" },
  },
  {
    name: "an answer with a length that is reset",
    ...{ fields: LENGTH, body: "part", end: "reset", want: "RST" },
  },
  {
    name: "a chunked answer that is reset",
    ...{ fields: CHUNKED, body: "4\r\npart\r\n", end: "reset", want: "RST" },
  },
  {
    name: "a chunked answer that is closed, to a client that knows no chunks",
    ...{ fields: CHUNKED, body: "4\r\npart\r\n", end: "close", want: "RST" },
    ...{ minor: 0, got: "part" },
  },
  {
    name: "an answer with a length that is closed",
    ...{ fields: LENGTH, body: "part", end: "close", want: "FIN" },
  },
  {
    name: "an answer up to the end",
    ...{ fields: "", body: "whole", end: "close", want: "FIN" },
  },
  {
    name: "an answer that is reset, without resets",
    ...{ fields: "", body: "part", end: "reset", want: "FIN" },
    resetRelay: "off",
  },
];

for (const { name, fields, body, end, minor = 1, want, ...more } of CASES) {
  Deno.test({
    name: `http() ends ${name} with ${want}`,
    ignore: !HAS_RESETS,
    async fn() {
      await using origin = startServer(async (conn) => {
        await readExactly(conn, 20);
        await writeAll(conn, `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`);
        if (end === "reset") await resetAndClose(conn);
      });
      const { resetRelay = "on", got = body } = more;
      await using proxy = await startTestProxy({ resetRelay });
      using conn = await proxy.connect();
      const at = `127.0.0.1:${origin.addr.port}`;
      await writeAll(
        conn,
        `GET http://${at}/ HTTP/1.${minor}\r\nHost: ${at}\r\n\r\n`,
      );
      const received = await within(5_000, receive(conn));
      const text = new TextDecoder().decode(received.bytes);
      assertEquals(text.split("\r\n\r\n").slice(1).join("\r\n\r\n"), got);
      assertEquals(received.end, want);
    },
  });
}
