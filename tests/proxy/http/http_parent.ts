/**
 * An HTTP proxy that records its requests, as a parent.
 *
 * @module
 */

import {
  readExactly,
  startServer,
  type TestServer,
  writeAll,
} from "../../support/sockets.ts";

/** One request to a {@linkcode HttpParent}. */
export interface ParentRequest {
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** Its start line. */
  readonly line: string;
  /** The fields, one per line. */
  readonly fields: readonly string[];
  /** The body, still in chunks. */
  readonly body: string;
}

/** A test's parent. */
export interface HttpParent extends TestServer {
  /** Received requests, in order. */
  readonly requests: readonly ParentRequest[];
  /** Its URL. */
  readonly url: string;
}

/** Answers a request. Returning `false` closes the connection. */
export type AnswerRequest = (
  request: ParentRequest,
  conn: Deno.TcpConn,
) => Promise<boolean | void>;

const decoder = new TextDecoder("latin1");

/** Starts a parent on 127.0.0.1; by default it answers with the request. */
export function startHttpParent(
  answer: AnswerRequest = tell,
): HttpParent {
  const requests: ParentRequest[] = [];
  let connections = 0;
  const server = startServer(async (conn) => {
    const connection = ++connections;
    while (true) {
      const [line, ...fields] = (await readUntil(conn, "\r\n\r\n")).trimEnd()
        .split("\r\n");
      const body = await readBody(conn, fields);
      const request = { connection, line: line!, fields, body };
      requests.push(request);
      if (await answer(request, conn) === false) return;
    }
  });
  return {
    addr: server.addr,
    requests,
    url: `http://127.0.0.1:${server.addr.port}`,
    get accepted() {
      return server.accepted;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A response with a length. */
export function okAnswer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function tell(
  { connection, line }: ParentRequest,
  conn: Deno.TcpConn,
): Promise<void> {
  await writeAll(conn, okAnswer(`${connection} ${line};`));
}

async function readBody(conn: Deno.Conn, fields: string[]): Promise<string> {
  const text = fields.join("\n");
  if (/^transfer-encoding: chunked$/im.test(text)) {
    return await readUntil(conn, "0\r\n\r\n");
  }
  const [, length] = /^content-length: (\d+)$/im.exec(text) ?? [];
  const bytes = await readExactly(conn, Number(length ?? 0));
  return decoder.decode(bytes);
}

/** Reads up to a given text, and returns everything including it. */
async function readUntil(conn: Deno.Conn, end: string): Promise<string> {
  let text = "";
  while (!text.endsWith(end)) {
    text += decoder.decode(await readExactly(conn, 1));
  }
  return text;
}
