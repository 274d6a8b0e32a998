/**
 * A room of the hub: who is in it, and what was said last.
 *
 * @module
 */

import { Deque } from "@std/data-structures/deque";
import type { HubItem } from "./item.ts";

/** Bytes of messages that a room remembers, whatever their number. */
const MOST_HISTORY_BYTES = 1024 * 1024;

/** Somebody in a room. */
export interface RoomMember {
  /** What it goes by. */
  readonly name: string;
  /**
   * Sends it what others are sent too.
   *
   * @param item What to send.
   */
  send(item: HubItem): void;
}

interface Remembered {
  readonly item: HubItem;
  readonly length: number;
}

/** A room. */
export class HubRoom {
  /** Its name. */
  readonly name: string;
  /** The same for all spellings that are taken for one. */
  readonly key: string;
  /** Who is in it, in the order of coming. */
  readonly members: Set<RoomMember> = new Set();

  readonly #mostHistory: number;
  #history = new Deque<Remembered>();
  #historyBytes = 0;

  /**
   * Creates an empty room.
   *
   * @param key The same for all spellings that are taken for one.
   * @param mostHistory Messages that it remembers.
   */
  constructor(name: string, key: string, mostHistory: number) {
    this.name = name;
    this.key = key;
    this.#mostHistory = mostHistory;
  }

  /** Whether there is something to send to a newcomer. */
  get remembers(): boolean {
    return this.#history.length > 0;
  }

  /**
   * Sends something to everyone in the room but one.
   *
   * @param item What to send.
   * @param except Who is not sent it.
   */
  send(item: HubItem, except: RoomMember): void {
    for (const member of this.members) {
      if (member !== except) member.send(item);
    }
  }

  /**
   * Remembers a message for newcomers, and forgets what is too old.
   *
   * @param item The message.
   * @param length Bytes that it has.
   */
  remember(item: HubItem, length: number): void {
    if (this.#mostHistory === 0) return;
    this.#history.pushBack({ item, length });
    this.#historyBytes += length;
    while (
      this.#history.length > this.#mostHistory ||
      this.#historyBytes > MOST_HISTORY_BYTES
    ) this.#historyBytes -= this.#history.popFront()!.length;
  }

  /**
   * Sends a newcomer what the room remembers, in order.
   *
   * @param member The newcomer.
   */
  recall(member: RoomMember): void {
    for (const { item } of this.#history) member.send(item);
  }
}
