/**
 * A room of the hub: its clients and its recent messages.
 *
 * @module
 */

import { Deque } from "@std/data-structures/deque";
import type { HubItem } from "./item.ts";

/** Most bytes of a room's history, regardless of the number of messages. */
const MOST_HISTORY_BYTES = 1024 * 1024;

/** A client in a room. */
export interface RoomMember {
  /** The client's name. */
  readonly name: string;
  /** Sends an item that others receive too. */
  send(item: HubItem): void;
}

interface Remembered {
  readonly item: HubItem;
  readonly length: number;
}

/** A room. */
export class HubRoom {
  /** Name of the room. */
  readonly name: string;
  /** Key of the name; equal for all spellings of one name. */
  readonly key: string;
  /** The clients in the room, in the order of their arrival. */
  readonly members: Set<RoomMember> = new Set();

  readonly #mostHistory: number;
  #history = new Deque<Remembered>();
  #historyBytes = 0;

  /**
   * Creates an empty room.
   *
   * @param key Key of the name; equal for all spellings of one name.
   * @param mostHistory Most messages of its history.
   */
  constructor(name: string, key: string, mostHistory: number) {
    this.name = name;
    this.key = key;
    this.#mostHistory = mostHistory;
  }

  /** Whether the room has a history. */
  get remembers(): boolean {
    return this.#history.length > 0;
  }

  /**
   * Sends an item to all clients in the room except one.
   *
   * @param item Item to send.
   * @param except The client that does not receive it.
   */
  send(item: HubItem, except: RoomMember): void {
    for (const member of this.members) {
      if (member !== except) member.send(item);
    }
  }

  /**
   * Adds a message to the history, and removes the oldest beyond the limits.
   *
   * @param length Bytes of the message.
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
   * Sends the history to a new client, in order.
   *
   * @param member The new client.
   */
  recall(member: RoomMember): void {
    for (const { item } of this.#history) member.send(item);
  }
}
