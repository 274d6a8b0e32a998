/**
 * Commands from clients to the hub itself.
 *
 * @module
 */

import type { Hub } from "./hub.ts";
import type { HubMember } from "./member.ts";

/** Executes a command, and returns the answer if it has one. */
type Command = (
  hub: Hub,
  member: HubMember,
  argument: string,
) => string | undefined;

const HELP =
  "/name NAME: be called that; /who: who is in this room; /join ROOM: go to another; /ping; a line of text: said to all others here; //text: says /text";

const COMMANDS: Readonly<Record<string, Command>> = {
  "/name"(hub, member, name) {
    hub.rename(member, name);
    return `You are ${member.name}`;
  },
  "/join"(hub, member, room) {
    hub.move(member, room);
    return `You are in ${member.room.name}`;
  },
  "/who": (hub, member) => hub.describeRoom(member),
  "/help": () => HELP,
  "/ping": () => "pong",
  // Any byte is a sign of life; this answer disturbs nobody.
  "/pong": () => undefined,
};

/**
 * Executes a client's command and answers it.
 *
 * @param member The client.
 * @param text The command with its argument, as sent.
 */
export function runHubCommand(
  hub: Hub,
  member: HubMember,
  text: string,
): void {
  const space = text.indexOf(" ");
  const name = space < 0 ? text.trim() : text.slice(0, space);
  const argument = space < 0 ? "" : text.slice(space).trim();
  if (!Object.hasOwn(COMMANDS, name)) {
    member.tell("Not done: no such command; see /help");
    return;
  }
  try {
    const answer = COMMANDS[name]!(hub, member, argument);
    if (answer !== undefined) member.tell(answer);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    member.tell(`Not done: ${error.message}`);
  }
}
