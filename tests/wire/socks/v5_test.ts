import { assert, assertEquals } from "@std/assert";
import {
  ADDRESS_TYPE,
  COMMAND,
  METHOD,
  REPLY,
  Socks5Error,
  VERSION,
} from "../../../lib/wire/socks/v5.ts";

Deno.test("the SOCKS5 codes equal those of RFC 1928", () => {
  assertEquals(VERSION, 5);
  assertEquals<unknown>(METHOD, {
    NoAuthentication: 0,
    UsernamePassword: 2,
    NoAcceptable: 255,
  });
  assertEquals<unknown>(COMMAND, { Connect: 1, Bind: 2, UdpAssociate: 3 });
  assertEquals<unknown>(ADDRESS_TYPE, { Ipv4: 1, DomainName: 3, Ipv6: 4 });
  assertEquals<unknown>(REPLY, {
    Succeeded: 0,
    GeneralFailure: 1,
    NotAllowedByRuleset: 2,
    NetworkUnreachable: 3,
    HostUnreachable: 4,
    ConnectionRefused: 5,
    TtlExpired: 6,
    CommandNotSupported: 7,
    AddressTypeNotSupported: 8,
  });
});

Deno.test("Socks5Error carries its reply, message and cause", () => {
  const cause = new Error("cause");
  for (const reply of Object.values(REPLY)) {
    const error = new Socks5Error(reply, "Cannot do it", { cause });
    assert(error instanceof Error);
    assertEquals(error.name, "Socks5Error");
    assertEquals(error.reply, reply);
    assertEquals(error.message, "Cannot do it");
    assert(error.cause === cause);
  }
});
