/**
 * The rooms of the hub: those with clients, and empty ones that keep a history.
 *
 * @module
 */

import type { HubName } from "./name.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import { HubRoom } from "./room.ts";

/** Limits of the rooms. */
export interface HubRoomBounds {
  /** Most rooms, including empty ones that keep a history. */
  mostRooms: number;
  /** Messages of a room's history, for new clients. */
  history: number;
  /**
   * Milliseconds for which an empty room keeps its history; 0 discards it with
   * the last client.
   */
  historyTime: number;
}

/** A room without clients that keeps a history. */
interface EmptyRoom {
  readonly room: HubRoom;
  readonly end: Deadline;
}

/** The rooms of a hub. Disposing of it discards the history of empty rooms. */
export class HubRooms implements Disposable {
  readonly #bounds: HubRoomBounds;
  readonly #occupied = new Map<string, HubRoom>();
  /** In the order in which they became empty. */
  readonly #empty = new Map<string, EmptyRoom>();
  #isOver = false;

  /** Creates a set of rooms, with none open. */
  constructor(bounds: HubRoomBounds) {
    this.#bounds = bounds;
  }

  /** Number of rooms with clients. */
  get size(): number {
    return this.#occupied.size;
  }

  /** Whether the rooms with clients leave no place for another one. */
  get isFull(): boolean {
    return this.#occupied.size >= this.#bounds.mostRooms;
  }

  /**
   * Tells whether a room has clients.
   *
   * @param key Key of the room.
   */
  isOccupied(key: string): boolean {
    return this.#occupied.has(key);
  }

  /**
   * Opens a room for a client. If too many rooms exist, the room that has been
   * empty for the longest time loses its history.
   *
   * @param name Name of the room.
   * @returns The room with its history.
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
   * Takes back a room without clients, which keeps its history for a while if
   * it has one.
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

  /** Discards the history of empty rooms, now and in future. */
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
