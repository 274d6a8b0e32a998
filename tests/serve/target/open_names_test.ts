import { assertEquals, assertThrows } from "@std/assert";
import {
  checkOutgoing,
  openNames,
} from "../../../lib/serve/target/open_names.ts";
import { StartError } from "../../../lib/cli/usage_error.ts";
import { Context } from "../../../lib/sync/context.ts";
import {
  formatIpAddress,
  parseIpAddress,
} from "../../../lib/wire/ip_address.ts";
import { address, among, startNameServer } from "../../support/name_server.ts";

Deno.test("openNames() asks the name servers it is given, for the family it is given", async () => {
  await using names = startNameServer(
    among([address("a.test", "192.0.2.1"), address("a.test", "2001:db8::1")]),
  );
  const servers = [names.server];
  using resolver = openNames({ servers, preference: "only-ipv4" });
  const addresses = await resolver.resolve("a.test", new Context());
  assertEquals(addresses.map(formatIpAddress), ["192.0.2.1"]);
  await resolver.resolve("a.test", new Context());
  assertEquals(names.asked.length, 1);
});

Deno.test("openNames() caches no name if configured", async () => {
  await using names = startNameServer(among([address("a.test", "192.0.2.1")]));
  using resolver = openNames({ servers: [names.server], cacheSize: 0 });
  await resolver.resolve("a.test", new Context());
  await resolver.resolve("a.test", new Context());
  assertEquals(names.asked.length, 4);
});

Deno.test("checkOutgoing() takes addresses of this machine only", () => {
  const ours = { ipv4: parseIpAddress("127.0.0.1")! };
  assertEquals(checkOutgoing(ours), ours);
  assertEquals(checkOutgoing({}), {});
  for (const text of ["203.0.113.5", "2001:db8::5"]) {
    const ip = parseIpAddress(text)!;
    const outgoing = ip.length === 4 ? { ipv4: ip } : { ipv6: ip };
    assertThrows(
      () => checkOutgoing(outgoing),
      StartError,
      `Cannot use ${text} as a source address: it is not an address of this machine`,
    );
  }
});
