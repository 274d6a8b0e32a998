/**
 * The hub: who is there, in which room, under which name. Nothing here waits,
 * so that each call is done before the next begins: that is the order in which
 * everyone gets what is said.
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

/** Where newcomers are. */
const LOBBY = "lobby";

/** Names that an answer to who is there has at most. */
const MOST_LISTED = 100;

/**
 * Bytes said in one go before the sockets have their turn: as many as one write
 * to each client takes, so that no queue grows while all of them read.
 */
const TURN = 64 * 1024;

/** What a message costs besides its bytes, for what it takes to pass it on. */
const MESSAGE_COST = 1024;

/** Who is there, and what reaches whom. Disposing of it forgets what was said. */
export class Hub implements Disposable {
  readonly #rooms: HubRooms;
  readonly #names = new Map<string, HubMember>();
  readonly #turns = new TurnBudget(TURN);
  #guests = 0;

  /**
   * Creates a hub that nobody is in.
   *
   * @param bounds Bounds of its rooms.
   */
  constructor(bounds: HubRoomBounds) {
    this.#rooms = new HubRooms(bounds);
  }

  /** How many are there. */
  get size(): number {
    return this.#names.size;
  }

  /**
   * Lets a client in, and sends it what was said before.
   *
   * @param outbox What waits to be sent to it.
   * @param dialect How it is spoken with.
   * @returns The client as the hub knows it.
   */
  enter(outbox: HubOutbox, dialect: HubDialect): HubMember {
    const name = `guest-${++this.#guests}`;
    // Also beyond the most rooms: whoever comes has to go somewhere.
    const room = this.#rooms.open({ text: LOBBY, key: LOBBY });
    const member = new HubMember(outbox, dialect, { name, room });
    this.#names.set(name, member);
    if (dialect.greets) member.tell(`You are ${name} in ${room.name}`);
    this.#come(member, room);
    return member;
  }

  /**
   * Lets a client go.
   *
   * @param member The client.
   */
  leave(member: HubMember): void {
    this.#names.delete(member.key);
    this.#go(member, `${member.name} has left`);
  }

  /**
   * Sends what a client says to all the others in its room.
   *
   * @param member The client.
   * @param bytes What it says; kept, not copied.
   * @returns What to wait for until the client may say more, if anything.
   */
  say(member: HubMember, bytes: Uint8Array): Promise<void> | undefined {
    const message = { from: member.name, bytes };
    const item = new HubItem(true, (to) => to.encodeMessage(message));
    member.room.send(item, member);
    member.room.remember(item, bytes.length);
    return this.#turns.spend(MESSAGE_COST + bytes.length);
  }

  /**
   * Gives a client the name that it wants.
   *
   * @param member The client.
   * @param text The name as sent.
   * @throws {SyntaxError} If it can't have it, with why in words for it.
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
   * Brings a client into another room, which is made where it is not there.
   *
   * @param member The client.
   * @param text The room's name as sent.
   * @throws {SyntaxError} If it can't be, with why in words for the client.
   */
  move(member: HubMember, text: string): void {
    const name = parseRoomName(text);
    if (name.key === member.room.key) return;
    const leavesEmpty = member.room.members.size === 1;
    const fits = this.#rooms.isOccupied(name.key) || !this.#rooms.isFull;
    if (!fits && !leavesEmpty) {
      throw new SyntaxError(`there are ${this.#rooms.size} rooms, no more fit`);
    }
    this.#go(member, `${member.name} has gone to another room`);
    this.#come(member, this.#rooms.open(name));
  }

  /**
   * Lists who is in a client's room.
   *
   * @param member The client.
   * @returns Names, and who the client is, in one line.
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

  /** Forgets what empty rooms remember. */
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
