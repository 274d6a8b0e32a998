/**
 * Times one decision of the rules, with different numbers of rules.
 *
 * @module
 */

import { decide, parseRules } from "../../../lib/library/rules.ts";

const request = { host: "www.example", port: 443, client: "192.0.2.7" };

for (const count of [1, 100, 10_000]) {
  const lines = Array.from(
    { length: count },
    (_, index) => `deny name host-${index}.example port 80,443`,
  );
  const rules = await parseRules(lines);
  Deno.bench(`decide() about a name, ${count} rules`, { group: "name" }, () => {
    decide(rules, request);
  });
  const address = "198.51.100.9";
  Deno.bench(`decide() about an address, ${count} rules`, {
    group: "address",
  }, () => {
    decide(rules, { ...request, address });
  });
}

Deno.bench("parseRules() of 100 rules", { group: "parse" }, async () => {
  await parseRules(Array.from({ length: 100 }, () => "deny to 10.0.0.0/8"));
});
