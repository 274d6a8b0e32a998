import { assertEquals, assertRejects } from "@std/assert";
import { NAME_OPTIONS } from "../../../lib/serve/options/names.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { parseOptions } from "../../../lib/cli/parse_options.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

type NameOptions = OptionValues<typeof NAME_OPTIONS>;

const ip = (text: string) => parseIpAddress(text)!;

const GOOD: { args: string[]; want: Partial<NameOptions> }[] = [
  { args: [], want: { dns: [], bind: {} } },
  { args: [], want: { "dns-cache": 4_096, prefer: "system" } },
  { args: ["--dns", "192.0.2.1"], want: { dns: [server("192.0.2.1", 53)] } },
  {
    args: ["--dns", "127.0.0.1:5353", "--dns=[::1]:54"],
    want: { dns: [server("127.0.0.1", 5353), server("::1", 54)] },
  },
  { args: ["--dns", "::1"], want: { dns: [server("::1", 53)] } },
  { args: ["--dns", "[::1]"], want: { dns: [server("::1", 53)] } },
  { args: ["--dns-cache", "0"], want: { "dns-cache": 0 } },
  { args: ["--prefer", "only-ipv6"], want: { prefer: "only-ipv6" } },
  { args: ["--bind", "192.0.2.1"], want: { bind: { ipv4: ip("192.0.2.1") } } },
  {
    args: ["--bind", "::1", "--bind", "127.0.0.1"],
    want: { bind: { ipv4: ip("127.0.0.1"), ipv6: ip("::1") } },
  },
  {
    args: ["--bind", "::ffff:127.0.0.1"],
    want: { bind: { ipv4: ip("127.0.0.1") } },
  },
];

function server(text: string, port: number) {
  return { ip: ip(text), port };
}

Deno.test("NAME_OPTIONS take what can be meant", async () => {
  for (const { args, want } of GOOD) {
    const values = await parseOptions(args, NAME_OPTIONS);
    for (const [name, value] of Object.entries(want)) {
      assertEquals(values[name as keyof NameOptions], value, args.join(" "));
    }
  }
});

const BAD: [args: string[], message: string][] = [
  [["--dns", "dns.example"], "Option --dns: "],
  [["--dns", "dns.example:53"], "'dns.example:53' is not an IP address"],
  [["--dns", "53"], "'53' is not an IP address, or one and a port"],
  [["--dns", "127.0.0.1:0"], "has port 0"],
  [["--dns", "127.0.0.1:99999"], "port '99999'"],
  [["--dns", "127.1"], "Option --dns: "],
  [["--dns-cache", "-1"], "Option --dns-cache"],
  [["--dns-cache", "1000001"], "is not a whole number from 0 to 1000000"],
  [["--prefer", "ipv5"], "'ipv5' is not one of system, ipv4, ipv6, only-ipv4"],
  [["--bind", "eth0"], "'eth0' is not an IP address"],
  [["--bind", "0.0.0.0"], "'0.0.0.0' means all addresses; give one"],
  [["--bind", "::"], "'::' means all addresses; give one"],
  [
    ["--bind", "127.0.0.1", "--bind", "127.0.0.2"],
    "127.0.0.1 and 127.0.0.2 are of the same family; give one IPv4 and one IPv6 address at most",
  ],
];

for (const [args, message] of BAD) {
  Deno.test(`NAME_OPTIONS refuse ${args.join(" ")}`, async () => {
    await assertRejects(
      () => parseOptions(args, NAME_OPTIONS),
      UsageError,
      message,
    );
  });
}
