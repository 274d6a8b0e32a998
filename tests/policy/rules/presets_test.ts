import { assertEquals } from "@std/assert";
import {
  parseRules,
  ruleOption,
} from "../../../lib/policy/rules/parse_rules.ts";
import {
  PRESET_NAMES,
  presetRule,
  RULE_PRESETS,
} from "../../../lib/policy/rules/presets.ts";
import { formatPresets } from "../../../lib/proxy/rules/presets_command.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

Deno.test("presetRule() allows the hosts of a preset at its ports alone", () => {
  for (const name of PRESET_NAMES) {
    const rules = parseRules([ruleOption([presetRule(name)])], {
      fallback: "deny",
    });
    const ask = (host: string, port: number) =>
      rules.decideAddress({
        client: undefined,
        user: undefined,
        listener: { path: "/x" },
        command: "connect",
        target: { name: host, port },
        isGuarded: true,
      }, parseIpAddress("151.101.1.1")!).isAllowed;
    const { hosts, ports } = RULE_PRESETS[name];
    for (const host of hosts) {
      const real = host.replace("*", "raw");
      for (const port of ports) assertEquals(ask(real, port), true, real);
      assertEquals(ask(real, 22), false, real);
      assertEquals(ask(`${real}.evil.example`, 443), false, real);
      if (real === host) assertEquals(ask(`evil${real}`, 443), false, real);
    }
  }
});

Deno.test("formatPresets() is a file of rules", () => {
  const rules = parseRules([{
    lines: formatPresets(),
    place: (line) => `line ${line}`,
    label: (line) => `line ${line}`,
  }]);
  assertEquals(
    rules.list(false).map(({ label }) => label),
    [...PRESET_NAMES, "default"],
  );
});
