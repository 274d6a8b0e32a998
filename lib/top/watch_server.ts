/**
 * Shows a server on the terminal until a person quits.
 *
 * @module
 */

import type { BannedAnswer, Shape } from "../admin/api.ts";
import { formatNumberOf } from "../admin/client/format.ts";
import { follow } from "../admin/client/live.ts";
import { listenForHangups } from "../cli/hangups.ts";
import { listenForSignals, signalExitCode } from "../cli/stop_signals.ts";
import type { ChangeCall, KeyResult } from "./key_result.ts";
import type { AdminClient } from "./client.ts";
import { draw } from "./draw/draw.ts";
import { Inquiries } from "./inquiries.ts";
import type { KeyName } from "./keys.ts";
import { type Picture, takePicture } from "./picture.ts";
import { press } from "./press.ts";
import { ServerState } from "./server_state.ts";
import { TerminalScreen } from "./terminal_screen.ts";
import { type FirstView, openView, type View } from "./view.ts";

/** Least milliseconds between two requests for talkers and errors. */
const QUESTIONS = 5_000;

/** Options for {@linkcode watchServer}. */
export interface WatchOptions {
  /** The initial filter and order. */
  first: FirstView;
  /** Milliseconds between two pictures. */
  interval: number;
}

/**
 * Shows a server.
 *
 * @returns Exit code: 0 after a key, 129 or more after a signal.
 */
export async function watchServer(
  client: AdminClient,
  options: WatchOptions,
): Promise<number> {
  using signals = listenForSignals();
  using hangups = listenForHangups();
  const ended = Promise.withResolvers<number>();
  void signals.next().then((name) => ended.resolve(signalExitCode(name)));
  hangups.follow(() => ended.resolve(signalExitCode("SIGHUP")));
  using watch = new Watch(client, options, ended.resolve);
  watch.start();
  return await ended.promise;
}

class Watch implements Disposable {
  readonly #client: AdminClient;
  readonly #end: (code: number) => void;
  readonly #over = new AbortController();
  readonly #state: ServerState;
  readonly #inquiries: Inquiries;
  readonly #terminal: TerminalScreen;
  readonly #view: View;
  readonly #interval: number;
  #picture: Picture;
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  constructor(
    client: AdminClient,
    { first, interval }: WatchOptions,
    end: (code: number) => void,
  ) {
    this.#client = client;
    this.#end = end;
    this.#interval = interval;
    this.#view = openView(first);
    this.#state = new ServerState((what) => this.#hear(what));
    this.#inquiries = new Inquiries(client, () => this.#look());
    this.#picture = this.#take();
    this.#terminal = new TerminalScreen({
      onKey: (key) => this.#press(key),
      onResize: () => this.#draw(),
      onEnd: () => end(signalExitCode("SIGHUP")),
    });
  }

  start(): void {
    const every = (time: number, act: () => void) =>
      this.#timers.push(setInterval(act, time));
    every(this.#interval, () => this.#look());
    every(Math.max(QUESTIONS, this.#interval), () => this.#ask());
    // The countdown to the next try.
    every(1_000, () => {
      if (this.#state.stream.is === "lost") this.#look();
    });
    this.#draw();
    this.#ask();
    void follow(this.#client, this.#state, this.#over.signal);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#over.abort();
    this.#client[Symbol.dispose]();
    this.#terminal[Symbol.dispose]();
  }

  #hear(what: "event" | "stream"): void {
    const isFirst = this.#picture.status === undefined;
    if (what === "stream" || isFirst) this.#look();
  }

  #ask(): void {
    if (this.#view.isPaused || this.#state.stream.is === "lost") return;
    void this.#inquiries.ask(this.#view);
  }

  /** During a pause only the state of the connection changes. */
  #look(): void {
    const { stream } = this.#state;
    this.#picture = this.#view.isPaused
      ? { ...this.#picture, at: Date.now(), stream }
      : this.#take();
    this.#draw();
  }

  #take(): Picture {
    const { details, filter, isReversed, panel, sort } = this.#view;
    return takePicture(this.#state, this.#inquiries, {
      ...{ filter, isReversed, sort },
      seconds: Math.round(this.#interval / 1000),
      details: panel === "details" ? details?.row : undefined,
    });
  }

  #draw(): void {
    if (this.#over.signal.aborted) return;
    const { columns, rows } = this.#terminal.size;
    this.#terminal.draw(draw({
      picture: this.#picture,
      view: this.#view,
      // The last column stays empty: a full line would wrap on some terminals.
      size: { columns: Math.max(1, columns - 1), rows },
      address: this.#client.address.name,
      isStyled: !Deno.noColor,
    }));
  }

  #press(key: KeyName): void {
    this.#act(press(this.#view, key, this.#picture));
  }

  #act(action: KeyResult): void {
    switch (action.is) {
      case "draw":
        return this.#draw();
      case "look":
        this.#picture = this.#take();
        return this.#draw();
      case "ask":
        void this.#inquiries.ask(this.#view);
        this.#picture = this.#take();
        return this.#draw();
      case "redraw":
        return this.#terminal.redraw();
      case "stop":
        return this.#terminal.stop();
      case "quit":
        return this.#end(0);
      case "change":
        void this.#change(action.call);
        return this.#draw();
    }
  }

  async #change(call: ChangeCall): Promise<void> {
    try {
      this.#view.notice = describeChange(call, await this.#client.call(call));
    } catch (error) {
      this.#view.notice = `Not done: ${this.#client.describe(error)}`;
    }
    this.#draw();
  }
}

function describeChange(
  call: ChangeCall,
  answer: BannedAnswer | Shape<"Ended"> | void,
): string {
  if (answer === undefined) {
    return `Ended tunnel ${call.slice(call.lastIndexOf("/") + 1)}`;
  }
  const ended = `${formatNumberOf(answer.ended, "tunnel")} ended`;
  return "ban" in answer ? `Banned ${answer.ban.key}, ${ended}` : ended;
}
