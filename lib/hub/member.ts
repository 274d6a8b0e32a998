/**
 * One client as the hub knows it.
 *
 * @module
 */

import type { HubDialect } from "./wire/frame.ts";
import type { HubItem } from "./item.ts";
import type { HubOutbox } from "./outbox.ts";
import type { HubRoom, RoomMember } from "./room.ts";

/** One client as the hub knows it. */
export class HubMember implements RoomMember {
  /** How it is spoken with. */
  readonly dialect: HubDialect;
  /** What waits to be sent to it. */
  readonly outbox: HubOutbox;
  /** Its name: one that it has chosen, or one that it was given. */
  name: string;
  /** The same for all names that are taken for one. */
  key: string;
  /** Where it is. */
  room: HubRoom;
  /**
   * Whether it has chosen a name. Others are told of the coming and going of
   * these only: programs, which choose none, are not disturbed by each other.
   */
  isNamed = false;

  /**
   * Creates a member.
   *
   * @param outbox What waits to be sent to it.
   * @param dialect How it is spoken with.
   * @param place The name that it was given, and where it is.
   */
  constructor(
    outbox: HubOutbox,
    dialect: HubDialect,
    place: { name: string; room: HubRoom },
  ) {
    this.outbox = outbox;
    this.dialect = dialect;
    this.name = place.name;
    this.key = place.name;
    this.room = place.room;
  }

  /**
   * Sends it what others are sent too.
   *
   * @param item What to send.
   */
  send(item: HubItem): void {
    this.outbox.push(item.for(this.dialect));
  }

  /**
   * Tells it something that is for it alone.
   *
   * @param text One line.
   */
  tell(text: string): void {
    const bytes = this.dialect.encodeNotice(text);
    this.outbox.push({ bytes, isMessage: false });
  }
}
