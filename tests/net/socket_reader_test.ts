import { assert, assertEquals, assertRejects } from "@std/assert";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { Duplex } from "../../lib/net/duplex.ts";
import { ByteReadable } from "../../lib/net/socket_readable.ts";
import { Pace } from "../../lib/sync/pace.ts";
import { Rate } from "../../lib/sync/rate.ts";

const BYTES = [1, 2, 3, 4, 5, 6];

type Reader = ReadableStreamBYOBReader;

/** What the reader of a socket must not be told apart from. */
function ofPlatform(): Promise<Reader> {
  let left = BYTES;
  const stream = new ByteReadable({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view as Uint8Array;
      const part = left.slice(0, view.length);
      left = left.slice(part.length);
      view.set(part);
      if (part.length === 0) controller.close();
      request.respond(part.length);
    },
  });
  return Promise.resolve(stream.getReader({ mode: "byob" }));
}

/** The bytes are in the inbox already, or arrive with the first read. */
async function ofSocket(isEarly: boolean): Promise<Reader> {
  let isRead = false;
  const duplex = new Duplex({
    read(buffer) {
      if (isRead) return Promise.resolve(null);
      isRead = true;
      buffer.set(BYTES);
      return Promise.resolve(BYTES.length);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  });
  if (isEarly) await duplex.inbox.peek();
  return duplex.readable.getReader({ mode: "byob" });
}

/** What a result shows of itself and of the memory that it was read into. */
function shown(
  { value, done }: ReadableStreamReadResult<ArrayBufferView>,
  before?: ArrayBufferView,
): unknown {
  if (value === undefined) return { done, value };
  const { buffer, byteOffset, byteLength } = value;
  return {
    done,
    kind: value.constructor.name,
    bytes: [...new Uint8Array(buffer, byteOffset, byteLength)],
    byteOffset,
    memory: buffer.byteLength,
    isDetached: (before?.buffer as ArrayBuffer | undefined)?.detached,
  };
}

async function fault(reading: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => reading);
  return (error as Error).constructor.name;
}

/** Each returns what a caller can see. */
const CASES: Readonly<Record<string, (reader: Reader) => Promise<unknown>>> = {
  async "exact lengths, one after another"(reader) {
    const seen = [];
    for (const min of [1, 2, 3]) {
      const view = new Uint8Array(min);
      seen.push(shown(await reader.read(view, { min }), view));
    }
    return seen;
  },
  async "more room than bytes"(reader) {
    const view = new Uint8Array(100);
    return shown(await reader.read(view, { min: 6 }), view);
  },
  async "no least"(reader) {
    return shown(await reader.read(new Uint8Array(4)));
  },
  async "a part of a larger memory"(reader) {
    const view = new Uint8Array(new ArrayBuffer(64), 10, 5);
    return shown(await reader.read(view, { min: 5 }), view);
  },
  async "memory that can grow"(reader) {
    const memory = new ArrayBuffer(8, { maxByteLength: 64 });
    const view = new Uint8Array(memory);
    const result = await reader.read(view, { min: 2 });
    return [shown(result, view), result.value!.buffer.resizable];
  },
  async "a view of other elements"(reader) {
    return shown(await reader.read(new Uint16Array(2), { min: 2 }));
  },
  async "a view of bytes of any kind"(reader) {
    return shown(await reader.read(new DataView(new ArrayBuffer(3))));
  },
  async "two reads at once"(reader) {
    const reads = [2, 4].map((min) =>
      reader.read(new Uint8Array(min), { min })
    );
    return (await Promise.all(reads)).map((result) => shown(result));
  },
  async "more than there is"(reader) {
    await reader.read(new Uint8Array(4), { min: 4 });
    const last = await reader.read(new Uint8Array(4), { min: 4 });
    const after = await reader.read(new Uint8Array(1));
    return [shown(last), shown(after)];
  },
  "a least of 0": (reader) => fault(reader.read(new Uint8Array(1), { min: 0 })),
  "a least over the room": (reader) =>
    fault(reader.read(new Uint8Array(1), { min: 2 })),
  "a negative least": (reader) =>
    fault(reader.read(new Uint8Array(1), { min: -1 })),
  async "a least that is not whole"(reader) {
    return shown(await reader.read(new Uint8Array(2), { min: 1.5 }));
  },
  "no room": (reader) => fault(reader.read(new Uint8Array())),
  "a detached view": (reader) => {
    const view = new Uint8Array(4);
    view.buffer.transfer();
    return fault(reader.read(view));
  },
  "memory that cannot be detached": (reader) => {
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    return fault(reader.read(new Uint8Array(buffer)));
  },
  "no view": (reader) => fault(reader.read(undefined as unknown as Uint8Array)),
  async "a released reader"(reader) {
    await reader.read(new Uint8Array(1));
    reader.releaseLock();
    return await fault(reader.read(new Uint8Array(1)));
  },
  async "a cancelled stream"(reader) {
    await reader.read(new Uint8Array(1));
    await reader.cancel();
    return shown(await reader.read(new Uint8Array(1)));
  },
};

for (const [name, use] of Object.entries(CASES)) {
  Deno.test(`SocketReader.read() is like the platform's: ${name}`, async () => {
    const expected = await use(await ofPlatform());
    assert(expected !== undefined);
    for (const isEarly of [true, false]) {
      assertEquals(await use(await ofSocket(isEarly)), expected, `${isEarly}`);
    }
  });
}

Deno.test("SocketReader.read() takes what has arrived past the queues of the stream", async () => {
  const reader = await ofSocket(true);
  const { read } = ReadableStreamBYOBReader.prototype;
  let queued = 0;
  ReadableStreamBYOBReader.prototype.read = function (
    this: Reader,
    ...args: Parameters<Reader["read"]>
  ) {
    queued++;
    return read.apply(this, args);
  } as Reader["read"];
  try {
    for (const min of [1, 2, 3]) {
      await reader.read(new Uint8Array(min), { min });
    }
    assertEquals(queued, 0);
    await reader.read(new Uint8Array(1));
    assertEquals(queued, 1);
  } finally {
    ReadableStreamBYOBReader.prototype.read = read;
  }
});

Deno.test("SocketReader.read() waits for its turn behind a read that wants more", async () => {
  const duplex = await half();
  const reader = duplex.readable.getReader({ mode: "byob" });
  const first = reader.read(new Uint8Array(4), { min: 4 });
  duplex.unread(new Uint8Array([9]));
  const second = reader.read(new Uint8Array(1), { min: 1 });
  const results = await Promise.all([first, second]);
  assertEquals(results.map(({ value }) => [...value!]), [[1, 2, 3, 9], [4]]);
});

/** Half of the bytes have arrived, and the other half follows. */
async function half(): Promise<Duplex> {
  const parts = [BYTES.slice(0, 3), BYTES.slice(3)];
  const duplex = new Duplex({
    read(buffer) {
      const part = parts.shift();
      if (part !== undefined) buffer.set(part);
      return Promise.resolve(part?.length ?? null);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]() {},
  });
  void duplex.readable; // A stream starts in a later turn.
  await duplex.inbox.peek();
  return duplex;
}

Deno.test("SocketReader.read() takes nothing when its stream has released it", async () => {
  const duplex = await half();
  const { readable } = duplex;
  const reader = readable.getReader({ mode: "byob" });
  readable.releaseLock(reader);
  await assertRejects(() => reader.read(new Uint8Array(1)), TypeError);
  const { value } = await readable.getReader({ mode: "byob" })
    .read(new Uint8Array(3), { min: 3 });
  assertEquals([...value!], [1, 2, 3]);
});

Deno.test("SocketReader.read() waits for the pace of bytes that have arrived", async () => {
  const duplex = await half();
  const rate = new Rate(1_000_000, { now: () => 0 });
  rate.charge(1_000_000);
  duplex.pace = new Pace([rate]);
  const reader = duplex.readable.getReader({ mode: "byob" });
  let isDone = false;
  const reading = reader.read(new Uint8Array(1)).then(({ value }) => {
    isDone = true;
    return [...value!];
  });
  for (let n = 0; n < 20; n++) await Promise.resolve();
  assert(!isDone);
  duplex.pace = undefined;
  assertEquals(await reading, [1]);
});

Deno.test("ByteReader.release() puts back bytes that had arrived and that nobody saw", async () => {
  const duplex = await half();
  const reader = new ByteReader(duplex);
  const reading = reader.readSome();
  reader.release(true);
  await assertRejects(() => reading, TypeError, "given up");
  assertEquals([...await reader.readExact(4)], [1, 2, 3, 4]);
});
