/**
 * The rooms of the hub: those with somebody in them, and those that remember
 * what was said although everybody has left.
 *
 * @module
 */

import type { HubName } from "./name.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import { HubRoom } from "./room.ts";

/** Bounds of the rooms. */
export interface HubRoomBounds {
  /** Rooms at once, with those that only remember. */
  mostRooms: number;
  /** Messages of its room that a newcomer is sent. */
  history: number;
  /**
   * Milliseconds that an empty room remembers them; 0 forgets them with the last
   * client.
   */
  historyTime: number;
}

/** A room that only remembers. */
interface EmptyRoom {
  readonly room: HubRoom;
  readonly end: Deadline;
}

/** The rooms of a hub. Disposing of it forgets what empty rooms remember. */
export class HubRooms implements Disposable {
  readonly #bounds: HubRoomBounds;
  readonly #occupied = new Map<string, HubRoom>();
  /** In the order in which they became empty. */
  readonly #empty = new Map<string, EmptyRoom>();
  #isOver = false;

  /** Creates no room yet. */
  constructor(bounds: HubRoomBounds) {
    this.#bounds = bounds;
  }

  /** How many rooms somebody is in. */
  get size(): number {
    return this.#occupied.size;
  }

  /** Whether no further room fits beside those that somebody is in. */
  get isFull(): boolean {
    return this.#occupied.size >= this.#bounds.mostRooms;
  }

  /**
   * Tells whether somebody is in a room.
   *
   * @param key The room's key.
   * @returns Whether somebody is in it.
   */
  isOccupied(key: string): boolean {
    return this.#occupied.has(key);
  }

  /**
   * Opens a room for somebody who comes in. If too many rooms remember, the one
   * that has been empty for the longest time is forgotten.
   *
   * @param name The room's name.
   * @returns The room, with what it remembers.
   */
  open({ text, key }: HubName): HubRoom {
    let room = this.#occupied.get(key);
    if (room !== undefined) return room;
    room = this.#empty.get(key)?.room ??
      new HubRoom(text, key, this.#bounds.history);
    this.#forget(key);
    this.#occupied.set(key, room);
    this.#trim();
    return room;
  }

  /**
   * Takes a room that everybody has left: it remembers for a while, or is gone.
   */
  leave(room: HubRoom): void {
    const { key } = room;
    const { historyTime } = this.#bounds;
    this.#occupied.delete(key);
    if (!room.remembers || historyTime === 0 || this.#isOver) return;
    const end = setDeadline(historyTime, () => this.#empty.delete(key));
    this.#empty.set(key, { room, end });
    this.#trim();
  }

  /** Forgets what empty rooms remember, now and from now on. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const key of this.#empty.keys()) this.#forget(key);
  }

  #trim(): void {
    for (const key of this.#empty.keys()) {
      const count = this.#occupied.size + this.#empty.size;
      if (count <= this.#bounds.mostRooms) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#empty.get(key)?.end.clear();
    this.#empty.delete(key);
  }
}
