/**
 * The hub: its clients, their rooms and their names. Nothing here waits, so
 * each call ends before the next one starts. This gives all clients the same
 * order of messages.
 *
 * @module
 */

import { parseHubName, parseRoomName } from "./name.ts";
import { TurnBudget } from "../sync/turn_budget.ts";
import type { HubDialect } from "./wire/frame.ts";
import { HubItem } from "./item.ts";
import { HubMember } from "./member.ts";
import type { HubOutbox } from "./outbox.ts";
import type { HubRoom } from "./room.ts";
import { type HubRoomBounds, HubRooms } from "./rooms.ts";

/** The room of new clients. */
const LOBBY = "lobby";

/** Most names in the answer to `/who`. */
const MOST_LISTED = 100;

/**
 * Bytes of messages to process before the sockets get a turn: as many as one
 * write to each client takes, so that no queue grows while all clients read.
 */
const TURN = 64 * 1024;

/** Cost of passing on a message, in addition to its bytes. */
const MESSAGE_COST = 1024;

/**
 * All clients and the way of messages between them. Disposing of it discards
 * the history.
 */
export class Hub implements Disposable {
  readonly #rooms: HubRooms;
  readonly #names = new Map<string, HubMember>();
  readonly #turns = new TurnBudget(TURN);
  #guests = 0;

  /**
   * Creates a hub without clients.
   *
   * @param bounds Limits of its rooms.
   */
  constructor(bounds: HubRoomBounds) {
    this.#rooms = new HubRooms(bounds);
  }

  /** Number of clients. */
  get size(): number {
    return this.#names.size;
  }

  /**
   * Admits a client, and sends it the room's history.
   *
   * @param outbox Queue of bytes for the client.
   * @param dialect The client's dialect.
   */
  enter(outbox: HubOutbox, dialect: HubDialect): HubMember {
    const name = `guest-${++this.#guests}`;
    // Works even with the most rooms open: every client needs a room.
    const room = this.#rooms.open({ text: LOBBY, key: LOBBY });
    const member = new HubMember(outbox, dialect, { name, room });
    this.#names.set(name, member);
    if (dialect.greets) member.tell(`You are ${name} in ${room.name}`);
    this.#come(member, room);
    return member;
  }

  /**
   * Removes a client.
   *
   * @param member The client.
   */
  leave(member: HubMember): void {
    this.#names.delete(member.key);
    this.#go(member, `${member.name} has left`);
  }

  /**
   * Sends a client's message to all others in its room.
   *
   * @param member The client.
   * @param bytes The message; the hub keeps it without a copy.
   * @returns A promise to wait for before the client's next message, if needed.
   */
  say(member: HubMember, bytes: Uint8Array): Promise<void> | undefined {
    const message = { from: member.name, bytes };
    const item = new HubItem(true, (to) => to.encodeMessage(message));
    member.room.send(item, member);
    member.room.remember(item, bytes.length);
    return this.#turns.spend(MESSAGE_COST + bytes.length);
  }

  /**
   * Gives a client the name that it asks for.
   *
   * @param member The client.
   * @param text The name as sent.
   * @throws {SyntaxError} If the name is not allowed or taken; the message is
   *   for the client.
   */
  rename(member: HubMember, text: string): void {
    const name = parseHubName(text);
    const holder = this.#names.get(name.key);
    if (holder !== undefined && holder !== member) {
      throw new SyntaxError("somebody else has that name");
    }
    const before = member.isNamed ? member.name : undefined;
    this.#names.delete(member.key);
    this.#names.set(name.key, member);
    member.name = name.text;
    member.key = name.key;
    member.isNamed = true;
    const news = before === undefined
      ? `${member.name} is here`
      : `${before} is now ${member.name}`;
    member.room.send(notice(news), member);
  }

  /**
   * Moves a client to another room, and creates the room if needed.
   *
   * @param member The client.
   * @param text The room's name as sent.
   * @throws {SyntaxError} If this is not possible; the message is for the
   *   client.
   */
  move(member: HubMember, text: string): void {
    const name = parseRoomName(text);
    if (name.key === member.room.key) return;
    const leavesEmpty = member.room.members.size === 1;
    const fits = this.#rooms.isOccupied(name.key) || !this.#rooms.isFull;
    if (!fits && !leavesEmpty) {
      throw new SyntaxError(
        `all ${this.#rooms.size} rooms are taken; join one of them`,
      );
    }
    this.#go(member, `${member.name} has gone to another room`);
    this.#come(member, this.#rooms.open(name));
  }

  /**
   * Lists the clients in a client's room.
   *
   * @param member The client.
   * @returns Their names, and the client's own name, in one line.
   */
  describeRoom({ name, room }: HubMember): string {
    const names = [...room.members].slice(0, MOST_LISTED).map(({ name }) =>
      name
    );
    const { size } = room.members;
    const more = size > names.length ? ` and ${size - names.length} more` : "";
    return `${size} in ${room.name}: ${
      names.join(", ")
    }${more}; you are ${name}`;
  }

  /** Discards the history of empty rooms. */
  [Symbol.dispose](): void {
    this.#rooms[Symbol.dispose]();
  }

  #come(member: HubMember, room: HubRoom): void {
    room.recall(member);
    room.members.add(member);
    member.room = room;
    if (member.isNamed) room.send(notice(`${member.name} is here`), member);
  }

  #go(member: HubMember, news: string): void {
    const { room } = member;
    room.members.delete(member);
    if (room.members.size === 0) this.#rooms.leave(room);
    else if (member.isNamed) room.send(notice(news), member);
  }
}

function notice(text: string): HubItem {
  return new HubItem(false, (to) => to.encodeNotice(text));
}
