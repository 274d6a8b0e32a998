/**
 * The web site that curl loads through the proxy.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The text of its page. */
export const PAGE = "through the proxy";

/** Bytes of the larger transfers. */
const TRANSFER = 100_000_000;

/** The web site that curl loads. */
export interface Site {
  /** `HOST:PORT` on both loopback addresses. */
  ipv4: string;
  ipv6: string;
  /** An address where nothing listens. */
  closed: string;
  /** SHA-256 in hex of what `/big` sent, and of what was uploaded to it. */
  readonly sums: { sent: string; received: string };
}

/** 100 MB without repetition, hashed as they are read. */
export function megabytes(
  hash: ReturnType<typeof createHash>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const block = crypto.getRandomValues(new Uint8Array(50_000));
  let left = TRANSFER;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const chunk = block.slice();
      new DataView(chunk.buffer).setUint32(0, left);
      left -= chunk.length;
      hash.update(chunk);
      controller.enqueue(chunk);
    },
  });
}

/** Serves a page and the transfers on both loopback addresses. */
export function startSite(): Site & AsyncDisposable {
  const sums = { sent: "", received: "" };
  async function answer(request: Request): Promise<Response> {
    if (new URL(request.url).pathname !== "/big") return new Response(PAGE);
    const hash = createHash("sha256");
    if (request.method === "GET") {
      const finish = new TransformStream<Uint8Array<ArrayBuffer>>({
        flush() {
          sums.sent = hash.digest("hex");
        },
      });
      return new Response(megabytes(hash).pipeThrough(finish));
    }
    for await (const chunk of request.body ?? []) hash.update(chunk);
    sums.received = hash.digest("hex");
    return new Response();
  }
  const [ipv4, ipv6] = ["127.0.0.1", "::1"].map((hostname) =>
    Deno.serve({ hostname, port: 0, onListen() {} }, answer)
  );
  using nobody = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    ipv4: `127.0.0.1:${ipv4!.addr.port}`,
    ipv6: `[::1]:${ipv6!.addr.port}`,
    closed: `127.0.0.1:${nobody.addr.port}`,
    sums,
    async [Symbol.asyncDispose]() {
      await Promise.all([ipv4!.shutdown(), ipv6!.shutdown()]);
    },
  };
}
