import { assert, assertEquals, assertRejects } from "@std/assert";
import { DialError } from "../../lib/net/dial_error.ts";
import { DnsNames } from "../../lib/net/names/dns_names.ts";
import { Context } from "../../lib/sync/context.ts";
import { formatIpAddress, parseIpAddress } from "../../lib/wire/ip_address.ts";
import { eventually } from "../support/dialogue.ts";
import { lookUpWhole } from "../support/name_server.ts";
import { testPrograms } from "../support/programs.ts";
import { closedPort } from "../support/sockets.ts";

/** What dnsmasq knows; it asks nobody else. */
const ZONE = [
  "--local-ttl=120",
  "--neg-ttl=7",
  "--host-record=both.test,192.0.2.1,2001:db8::1",
  "--host-record=four.test,192.0.2.4",
  "--cname=alias.test,both.test",
  "--local=/test/",
  ...Array.from(
    { length: 60 },
    (_, n) => `--host-record=many.test,10.0.0.${n}`,
  ),
];

/** Runs dnsmasq in the foreground, without any file of the machine's. */
async function withDnsmasq(
  path: string,
  test: (source: DnsNames) => Promise<void>,
): Promise<void> {
  const port = closedPort();
  await using _child = new Deno.Command(path, {
    args: [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--user=",
      "--pid-file=",
      "--bind-interfaces",
      "--listen-address=127.0.0.1",
      `--port=${port}`,
      ...ZONE,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const server = { ip: parseIpAddress("127.0.0.1")!, port };
  const source = new DnsNames([server], { patience: 5_000 });
  const isUp = await eventually(async () => {
    try {
      await source.lookup("both.test", new Context());
      return true;
    } catch {
      return false;
    }
  });
  assert(isUp, "dnsmasq does not answer");
  await test(source);
}

testPrograms({
  name: "DnsNames.lookup() understands dnsmasq",
  needs: ["dnsmasq"],
  fn: (paths) =>
    withDnsmasq(paths.dnsmasq, async (source) => {
      async function lookUp(name: string) {
        const answer = await lookUpWhole(source, name);
        return { ...answer, addresses: answer.addresses.map(formatIpAddress) };
      }
      const both = ["2001:db8::1", "192.0.2.1"];
      const found = { addresses: both, exists: true, life: 120_000 };
      assertEquals(await lookUp("both.test"), found);
      assertEquals(await lookUp("alias.test"), found);
      assertEquals((await lookUp("four.test")).addresses, ["192.0.2.4"]);
      const none = await lookUp("none.test");
      assertEquals([none.exists, none.addresses], [false, []]);
      // So many that they come over TCP.
      assertEquals((await lookUp("many.test")).addresses.length, 60);
      await assertRejects(
        () => lookUp("not-its-own.example"),
        DialError,
        "REFUSED",
      );
    }),
});
