import { assert } from "@std/assert";
import type { HttpClient } from "../../../lib/proxy/http/client.ts";
import { Origin } from "../../../lib/proxy/http/origins.ts";
import { HttpUpload } from "../../../lib/proxy/http/upload.ts";
import { ConnectionPair } from "../../../lib/proxy/http/connection_pair.ts";
import type { Connection } from "../../../lib/net/connection.ts";
import { Duplex } from "../../../lib/net/duplex.ts";
import { HttpReader } from "../../../lib/net/http_reader.ts";
import { Context } from "../../../lib/sync/context.ts";
import { takeInPlace } from "../../support/next_bytes.ts";
import { Fields } from "../../../lib/wire/http1/fields.ts";

const HERE = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;

/** Sends so many pieces as long as the buffer, and takes none. */
class Stalled implements Connection {
  readonly localAddr = HERE;
  readonly remoteAddr = HERE;
  readonly written = Promise.withResolvers<Uint8Array>();
  readonly #writing = Promise.withResolvers<number>();
  #left: number;

  constructor(pieces: number) {
    this.#left = pieces;
    this.#writing.promise.catch(() => {}); // Where nothing was written.
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const never = Promise.withResolvers<number | null>();
    return this.#left-- > 0 ? Promise.resolve(buffer.length) : never.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.written.resolve(bytes);
    return this.#writing.promise;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  setNoDelay(): void {}

  close(): void {
    this.#writing.reject(new Deno.errors.Interrupted("Closed"));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** One request, each end of which stalls when it has sent so many pieces. */
function stalled(pieces: { client: number; origin: number }) {
  const [near, far] = [new Stalled(pieces.client), new Stalled(pieces.origin)];
  const duplex = new Duplex(near);
  const session = {
    client: duplex,
    context: new Context(),
    services: { timeouts: { idle: 0, halfClose: 0 } },
  };
  const client = {
    ...{ session, reader: new HttpReader(duplex), sent: 0, received: 0 },
  } as unknown as HttpClient;
  const pair = new ConnectionPair(client);
  const target = {
    ...{ connection: far, duplex: new Duplex(far) },
    ...{
      address: undefined,
      verdict: { isAllowed: true, rule: "default", reason: "" },
      relay: undefined,
    },
  };
  const record = {} as ConstructorParameters<typeof Origin>[2];
  pair.origin = new Origin(target, "127.0.0.1:1", record);
  return { pair, near, far };
}

/** Whether the next connections are given a buffer that is in use. */
async function isLent(bytes: Uint8Array): Promise<boolean> {
  for (let n = 0; n < 20; n++) {
    const other = new Duplex(new Stalled(100));
    for (let reads = 0; reads < 4; reads++) {
      const { buffer } = await takeInPlace(other);
      if (buffer === bytes.buffer) return true;
    }
  }
  return false;
}

Deno.test("ConnectionPair.cut() keeps a buffer whose bytes are still being written to the client", async () => {
  const { near, pair } = stalled({ client: 0, origin: 100 });
  const { reader } = pair.origin!;
  for (let n = 0; n < 4; n++) {
    await reader.fill();
    if (n < 3) reader.take(reader.bytes.length);
  }
  pair.begin();
  pair.toClient(reader.bytes).catch(() => {});
  pair.cut(undefined, new Error("Enough"));
  pair.stop();
  pair.origin!.close();
  assert(!await isLent(await near.written.promise));
});

Deno.test("HttpUpload keeps a buffer whose bytes are still being written to the origin", async () => {
  const { far, pair } = stalled({ client: 100, origin: 0 });
  const head = {
    ...{ method: "POST", target: "/", minor: 1 },
    fields: new Fields([]),
  } as ConstructorParameters<typeof HttpUpload>[1];
  {
    using upload = new HttpUpload(pair, head, { kind: "length", length: 1e9 });
    upload.start();
    await far.written.promise;
  }
  pair.stop();
  pair.origin!.close();
  pair.client.session.client.releaseBuffer();
  assert(!await isLent(await far.written.promise));
});
