import { assertEquals, assertMatch } from "@std/assert";
import { INTERFACE, INTERFACE6, ROUTED, type Seen } from "./own_machine.ts";
import { sluice } from "../../support/sluice_commands.ts";
import { testPrograms } from "../../support/programs.ts";

const SCRIPT = `
ip link set lo up
ip addr add ${INTERFACE}/32 dev lo
ip -6 addr add ${INTERFACE6}/128 dev lo
ip route add local 198.41.1.0/24 dev lo
exec "$@"
`;

testPrograms({
  name:
    "the guard refuses this machine's own addresses, in every form and for every command",
  needs: ["ip", "unshare (network)"],
  async fn({ "unshare (network)": unshare }) {
    const { text } = await sluice([], {
      prefix: [unshare, "-rn", "/bin/sh", "-ec", SCRIPT, "sh"],
      permissions: ["-A", "--no-check"],
      module: "tests/serve/target/own_machine.ts",
    });
    const seen: Seen = JSON.parse(text);
    const own = "an address of this machine";
    const refusals = Object.entries({
      [`connect ${INTERFACE}`]: own,
      [`connect ${INTERFACE6}`]: own,
      [`connect ::ffff:${INTERFACE}`]: `${own} (IPv4-mapped)`,
      [`connect 64:ff9b::${INTERFACE}`]: `${own} (NAT64)`,
      "connect 2002:c629:4::1": `${own} (6to4)`,
      [`connect ${ROUTED}`]: own,
      [`http ${INTERFACE}`]: own,
      [`http ${ROUTED}`]: own,
      [`bind ${INTERFACE}`]: own,
    });
    for (const [what, range] of refusals) {
      const [answer, result, rule, reason] = seen[what] as string[];
      const code = what.startsWith("http") ? "403" : 2;
      assertEquals([answer, result, rule], [code, "refused", "guard"], what);
      assertMatch(reason!, /^Address \S+ is /);
      assertEquals(reason!.replace(/^Address \S+ is | \(guard\)/g, ""), range);
    }
    for (const host of [INTERFACE, ROUTED]) {
      assertEquals((seen[`arrival from ${host}`] as unknown[])[0], null);
    }
    assertEquals(seen["target was told"], 0);
    assertEquals(seen["udp"], { sent: 0, received: 0, dropped: 2 });
    assertEquals(seen["rule"], [0, 0]);
    assertEquals(seen["parent"], [2, 2, 0]);
    // Nothing tells beforehand that it leads back: what accepts it does.
    assertEquals(seen["ring"], [800, 400]);
  },
});
