import { assertEquals, assertThrows } from "@std/assert";
import {
  EventParser,
  type ServerEvent,
} from "../../../lib/admin/client/event_parser.ts";

const STREAM = [
  ": a comment\n",
  'event: tick\ndata: {"a":1}\n\n',
  "event:history\r\ndata:first\r\ndata: second\r\n\r\n",
  "event: without data\n\n",
  "id: 3\ndata: without a name\n\n",
  "data\n\n",
  "event: cut off\ndata: never ends\n",
].join("");

const EVENTS: ServerEvent[] = [
  { name: "tick", data: '{"a":1}' },
  { name: "history", data: "first\nsecond" },
  { name: "", data: "without a name" },
  { name: "", data: "" },
];

Deno.test("EventParser.push() finds the same events in pieces of any size", () => {
  assertEquals(new EventParser().push(STREAM), EVENTS);
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const parser = new EventParser();
    const events = parser.push(STREAM.slice(0, cut));
    assertEquals([...events, ...parser.push(STREAM.slice(cut))], EVENTS);
  }
  const parser = new EventParser();
  assertEquals([...STREAM].flatMap((letter) => parser.push(letter)), EVENTS);
});

Deno.test("EventParser.push() refuses an event that never ends", () => {
  const parser = new EventParser();
  const piece = "x".repeat(1024 * 1024);
  for (let n = 0; n < 64; n++) assertEquals(parser.push(piece), []);
  assertThrows(() => parser.push("x"), RangeError, "Cannot read event");
});
