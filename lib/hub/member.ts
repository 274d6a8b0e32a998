/**
 * The hub's view of one client.
 *
 * @module
 */

import type { HubDialect } from "./wire/frame.ts";
import type { HubItem } from "./item.ts";
import type { HubOutbox } from "./outbox.ts";
import type { HubRoom, RoomMember } from "./room.ts";

/** The hub's view of one client. */
export class HubMember implements RoomMember {
  /** The client's dialect. */
  readonly dialect: HubDialect;
  /** Queue of bytes for the client. */
  readonly outbox: HubOutbox;
  /** The client's name, chosen by the client or assigned by the hub. */
  name: string;
  /** Key of the name; equal for all spellings of one name. */
  key: string;
  /** The client's room. */
  room: HubRoom;
  /**
   * Whether the client has chosen a name. The hub announces only such clients
   * to others, so programs, which choose none, do not disturb each other.
   */
  isNamed = false;

  /**
   * Creates a member.
   *
   * @param outbox Queue of bytes for the client.
   * @param dialect The client's dialect.
   * @param place The assigned name, and the room.
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

  /** Sends an item that others receive too. */
  send(item: HubItem): void {
    this.outbox.push(item.for(this.dialect));
  }

  /**
   * Sends a notice to this client only.
   *
   * @param text One line.
   */
  tell(text: string): void {
    const bytes = this.dialect.encodeNotice(text);
    this.outbox.push({ bytes, isMessage: false });
  }
}
