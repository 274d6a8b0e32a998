import { assertEquals, assertNotEquals } from "@std/assert";
import { seededRandom } from "../support/random.ts";
import { type Outcome, type PipeTo, play, type Stage } from "./pipe_cases.ts";

const platform: PipeTo = (source, destination, options) =>
  ReadableStream.prototype.pipeTo.call(source, destination, options);

const ours: PipeTo = (source, destination, options) =>
  source.pipeTo(destination, options);

const BROKEN = new Error("broken");
const ENOUGH = new Error("enough");

/** Every combination of the three options. */
const PREVENTIONS: StreamPipeOptions[] = Array.from({ length: 8 }, (_, n) => ({
  preventClose: (n & 1) > 0,
  preventAbort: (n & 2) > 0,
  preventCancel: (n & 4) > 0,
}));

/** Cases that are tried with every combination of the options. */
const CASES: Record<
  string,
  (stage: Stage, options: StreamPipeOptions) => Promise<void> | void
> = {
  "copies to the end": async ({ from, pipe, settle }, options) => {
    pipe(options);
    from.bring([1, 2, 3]);
    await settle();
    from.bring([4]);
    from.bring(null);
  },
  "ends at once": ({ from, pipe }, options) => {
    from.bring(null);
    pipe(options);
  },
  "writes the rest where the socket takes a part": (
    { from, to, pipe },
    options,
  ) => {
    to.mostWritten = 2;
    pipe(options);
    from.bring([1, 2, 3, 4, 5]);
    from.bring(null);
  },
  "takes what a reader has left": async ({ from, source, pipe }, options) => {
    from.bring([1, 2, 3, 4]);
    from.bring(null);
    const reader = source.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(2), { min: 2 });
    reader.releaseLock();
    pipe(options);
  },
  "takes what a released reader had asked for": async (
    { from, source, pipe, settle },
    options,
  ) => {
    const reader = source.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(4), { min: 4 });
    await settle();
    reader.releaseLock();
    await read.catch(() => {});
    pipe(options);
    from.bring([1]);
    await settle();
    from.bring(null);
  },
  "takes the first half of what a released reader had asked for": async (
    { from, source, pipe, settle },
    options,
  ) => {
    const reader = source.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(4), { min: 4 });
    from.bring([1, 2]);
    await settle();
    reader.releaseLock();
    await read.catch(() => {});
    pipe(options);
    from.bring([3]);
    await settle();
    from.bring(null);
  },
  "fails with the source": async ({ from, pipe, settle }, options) => {
    pipe(options);
    from.bring([1]);
    await settle();
    from.break(BROKEN);
  },
  "fails with the source before the first byte": ({ from, pipe }, options) => {
    from.break(BROKEN);
    pipe(options);
  },
  "fails with the destination": ({ from, to, pipe }, options) => {
    to.refuse(BROKEN);
    pipe(options);
    from.bring([1]);
  },
  "fails with the destination's end": ({ from, to, pipe }, options) => {
    to.refuseEnd(BROKEN);
    pipe(options);
    from.bring([1]);
    from.bring(null);
  },
  "does nothing with a signal that is aborted": (
    { from, controller, pipe },
    options,
  ) => {
    controller.abort(ENOUGH);
    from.bring([1]);
    pipe({ ...options, signal: controller.signal });
  },
  "stops while it waits": async (
    { from, controller, pipe, settle },
    options,
  ) => {
    pipe({ ...options, signal: controller.signal });
    from.bring([1]);
    await settle();
    controller.abort(ENOUGH);
  },
  "stops without a reason of its own": async (
    { controller, pipe, settle },
    options,
  ) => {
    pipe({ ...options, signal: controller.signal });
    await settle();
    controller.abort("words");
  },
  "writes what was read before it stops": async (
    { from, to, controller, pipe, settle },
    options,
  ) => {
    const release = to.hold();
    pipe({ ...options, signal: controller.signal });
    from.bring([1, 2]);
    await settle();
    controller.abort(ENOUGH);
    await settle();
    release();
  },
  "stops while a write fails": async (
    { from, to, controller, pipe, settle },
    options,
  ) => {
    const release = to.hold();
    to.refuse(BROKEN);
    pipe({ ...options, signal: controller.signal });
    from.bring([1, 2]);
    await settle();
    controller.abort(ENOUGH);
    await settle();
    release();
  },
  "is over before the signal is aborted": async (
    { from, controller, pipe, settle },
    options,
  ) => {
    pipe({ ...options, signal: controller.signal });
    from.bring(null);
    await settle();
    controller.abort(ENOUGH);
  },
  "writes behind the chunks that are queued": async (
    { from, to, destination, pipe, settle },
    options,
  ) => {
    const release = to.hold();
    const writer = destination.getWriter();
    void writer.write(new Uint8Array([8]));
    void writer.write(new Uint8Array([9]));
    writer.releaseLock();
    pipe(options);
    from.bring([1]);
    await settle();
    release();
    await settle();
    from.bring(null);
  },
  "stops while chunks are queued": async (
    { from, to, controller, destination, pipe, settle },
    options,
  ) => {
    const release = to.hold();
    const writer = destination.getWriter();
    void writer.write(new Uint8Array([8])).catch(() => {});
    writer.releaseLock();
    pipe({ ...options, signal: controller.signal });
    await settle();
    controller.abort(ENOUGH);
    await settle();
    from.bring([1]);
    release();
  },
  "does nothing but abort while chunks are queued": async (
    { from, to, controller, destination, pipe, settle },
    options,
  ) => {
    const release = to.hold();
    const writer = destination.getWriter();
    void writer.write(new Uint8Array([8])).catch(() => {});
    void writer.write(new Uint8Array([9])).catch(() => {});
    writer.releaseLock();
    await settle();
    controller.abort(ENOUGH);
    from.bring([1]);
    pipe({ ...options, signal: controller.signal });
    await settle();
    release();
  },
  "keeps to the options that it began with": async (
    { from, controller, pipe, settle },
    options,
  ) => {
    const changed = { ...options, signal: controller.signal };
    pipe(changed);
    await settle();
    changed.preventClose = !changed.preventClose;
    changed.preventAbort = !changed.preventAbort;
    changed.preventCancel = !changed.preventCancel;
    changed.signal = AbortSignal.abort(BROKEN);
    from.bring([1]);
    await settle();
    controller.abort(ENOUGH);
  },
  "takes null for no options": ({ from, pipe }) => {
    pipe(null as unknown as StreamPipeOptions);
    from.bring([1]);
    from.bring(null);
  },
  "refuses options that are no object": ({ from, pipe }) => {
    pipe(5 as unknown as StreamPipeOptions);
    from.bring([1]);
  },
  "fails where a queued chunk fails": async (
    { from, to, destination, pipe },
    options,
  ) => {
    to.refuse(BROKEN);
    const writer = destination.getWriter();
    void writer.write(new Uint8Array([8])).catch(() => {});
    writer.releaseLock();
    pipe(options);
    await Promise.resolve();
    from.bring([1]);
  },
  "fails where the destination is closed": async (
    { from, destination, pipe },
    options,
  ) => {
    await destination.close();
    pipe(options);
    from.bring([1]);
  },
  "fails where the destination is being closed": async (
    { from, to, destination, pipe, settle },
    options,
  ) => {
    const release = to.hold();
    const writer = destination.getWriter();
    void writer.close();
    writer.releaseLock();
    await settle();
    pipe(options);
    from.bring([1]);
    await settle();
    release();
  },
  "fails where a writer has just closed the destination": (
    { from, destination, pipe },
    options,
  ) => {
    const writer = destination.getWriter();
    void writer.close();
    writer.releaseLock();
    pipe(options);
    from.bring([1]);
  },
  "fails where the destination was just closed": (
    { from, destination, pipe },
    options,
  ) => {
    void destination.close();
    pipe(options);
    from.bring([1]);
  },
  "fails where the destination was just aborted": (
    { from, destination, pipe },
    options,
  ) => {
    void destination.abort(BROKEN);
    pipe(options);
    from.bring([1]);
  },
  "fails where the destination is broken": async (
    { from, destination, pipe },
    options,
  ) => {
    await destination.abort(BROKEN);
    pipe(options);
    from.bring([1]);
  },
  "closes where the source has ended": async (
    { from, source, pipe },
    options,
  ) => {
    from.bring(null);
    const reader = source.getReader();
    await reader.read();
    reader.releaseLock();
    pipe(options);
  },
  "fails where the source is broken": async (
    { from, source, pipe },
    options,
  ) => {
    from.break(BROKEN);
    const reader = source.getReader();
    await reader.read().catch(() => {});
    reader.releaseLock();
    pipe(options);
  },
  "closes where the source was cancelled": async (
    { source, pipe },
    options,
  ) => {
    await source.cancel(ENOUGH);
    pipe(options);
  },
  "does nothing with a source that is locked": ({ source, pipe }, options) => {
    source.getReader();
    pipe(options);
  },
  "does nothing with a destination that is locked": (
    { destination, pipe },
    options,
  ) => {
    destination.getWriter();
    pipe(options);
  },
  "refuses what is no signal": ({ pipe }, options) => {
    pipe({ ...options, signal: {} as AbortSignal });
  },
  "can be followed by another pipe": async (
    { from, controller, pipe, settle },
    options,
  ) => {
    const { signal } = controller;
    pipe({ ...options, signal, preventAbort: true, preventCancel: true });
    from.bring([1]);
    await settle();
    controller.abort(ENOUGH);
    await settle();
    from.bring([2]);
    pipe(options);
    await settle();
    from.bring(null);
  },
};

for (const [name, direct] of Object.entries(CASES)) {
  Deno.test(`SocketReadable.pipeTo() is the platform's: ${name}`, async () => {
    for (const options of PREVENTIONS) {
      const stage = (stage: Stage) => direct(stage, options);
      const expected = await play(stage, platform);
      const actual = await play(stage, ours);
      assertNotEquals(expected.result, "not started");
      assertEquals(actual, expected, JSON.stringify(options));
    }
  });
}

Deno.test("SocketReadable.pipeTo() keeps both streams to itself", async () => {
  const attempts: Record<string, (stage: Stage) => unknown> = {
    getReader: ({ source }) => source.getReader(),
    byob: ({ source }) => source.getReader({ mode: "byob" }),
    tee: ({ source }) => source.tee(),
    values: ({ source }) => source.values(),
    iterator: ({ source }) => source[Symbol.asyncIterator](),
    pipeThrough: ({ source }) =>
      source.pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>>()),
    cancel: ({ source }) => source.cancel(),
    pipeTo: ({ source }) => source.pipeTo(new WritableStream()),
    getWriter: ({ destination }) => destination.getWriter(),
    close: ({ destination }) => destination.close(),
    abort: ({ destination }) => destination.abort(),
    piped: ({ destination }) =>
      new ReadableStream<Uint8Array<ArrayBuffer>>().pipeTo(destination),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    const outcomes: Outcome[] = [];
    for (const pipeTo of [platform, ours]) {
      let thrown: unknown = "nothing";
      outcomes.push(
        await play(async (stage) => {
          stage.pipe();
          stage.from.bring([1]);
          await stage.settle();
          try {
            await attempt(stage);
          } catch (error) {
            thrown = error;
          }
          stage.from.bring([2]);
          await stage.settle();
          stage.from.bring(null);
        }, pipeTo),
      );
      assertEquals((thrown as Error).name, "TypeError", name);
    }
    assertEquals(outcomes[1], outcomes[0], name);
    assertEquals(outcomes[1]!.to, ["write 1 2", "end"], name);
  }
});

/** What happens in a schedule, drawn by a seed. */
function schedule(random: () => number): (stage: Stage) => Promise<void> {
  const below = (most: number) => Math.floor(random() * most);
  const options: StreamPipeOptions = {
    preventClose: below(2) === 1,
    preventAbort: below(2) === 1,
    preventCancel: below(2) === 1,
  };
  const steps = Array.from({ length: 1 + below(8) }, () => below(10));
  const startAt = below(3);
  const mostWritten = 1 + below(6);
  return async (stage) => {
    const { from, to, controller, pipe } = stage;
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    to.mostWritten = mostWritten;
    let release = () => {};
    let byte = 0;
    for (const [at, step] of steps.entries()) {
      if (at === startAt) {
        pipe({ ...options, signal: controller.signal });
        await turn();
      }
      if (step < 4) {
        from.bring(Array.from({ length: step + 1 }, () => byte++ & 0xff));
      } else if (step === 4) {
        release();
        release = to.hold();
      } else if (step === 5) release();
      else if (step === 6) from.bring(null);
      else if (step === 7) from.break(BROKEN);
      else if (step === 8) controller.abort(ENOUGH);
      else to.refuse(BROKEN);
      await turn();
    }
    release();
  };
}

Deno.test("SocketReadable.pipeTo() ends as the platform's in 10,000 random schedules, and loses no byte", async () => {
  for (let seed = 1; seed <= 10_000; seed++) {
    const expected = await play(schedule(seededRandom(seed)), platform);
    const actual = await play(schedule(seededRandom(seed)), ours);
    // The platform may read one chunk more, and lose it.
    const { rest, taken, to } = actual;
    assertEquals(actual, { ...expected, rest, taken }, `seed ${seed}`);
    const written = to.filter((call) => call.startsWith("write"))
      .flatMap((call) => call.split(" ").slice(1).map(Number));
    // Byte for byte from the first on, whatever ended it.
    assertEquals(written, written.map((_, index) => index & 0xff));
    // What failed to be written is lost, and so is what a stream that breaks
    // has queued.
    if (actual.wasRefused || Array.isArray(actual.source)) continue;
    const all = [...written, ...rest];
    assertEquals(all, all.map((_, index) => index & 0xff), `seed ${seed}`);
    assertEquals(all.length, taken, `seed ${seed}`);
  }
});
