/**
 * A client of a name server whose datagrams go through a proxy.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  encodeDnsQuestion,
  parseDnsResponse,
} from "../../lib/wire/dns_message.ts";
import { type Association, type Place, receiveFrom, wrap } from "./udp.ts";
import { parseUdpHeader } from "../../lib/wire/socks/v5_udp.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { TYPE } from "./name_server.ts";

/** Asks for an address, and fails unless the answer is correct. */
export async function askThrough(
  client: Association,
  server: Place,
  { name, id, expected }: { name: string; id: number; expected: string },
): Promise<void> {
  const question = encodeDnsQuestion({ id, name, type: TYPE.a });
  await client.sendRaw(wrap(question, server));
  const [datagram] = await receiveFrom(client.socket);
  const { length, port } = parseUdpHeader(datagram)!;
  assertEquals(port, server.port);
  const response = parseDnsResponse(datagram.subarray(length));
  assertEquals(response.id, id);
  const found = response.records.map(({ value }) => [...value]);
  assertEquals(found, [[...parseIpAddress(expected)!]]);
}
