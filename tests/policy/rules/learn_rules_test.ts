import { assert, assertEquals } from "@std/assert";
import { RuleLearner } from "../../../lib/policy/rules/learn_rules.ts";
import { parseRules, ruleFile } from "../../../lib/policy/rules/parse_rules.ts";
import type { ReachedFact } from "../../../lib/policy/rules/reached_fact.ts";
import type { Question } from "../../../lib/policy/rules/question.ts";
import { parseIpAddress } from "../../../lib/wire/ip_address.ts";

function fact(
  where: string,
  { user, command = "connect", address }: {
    user?: string;
    command?: ReachedFact["command"];
    address?: string;
  } = {},
): ReachedFact {
  const [host, port] = where.split(" ") as [string, string];
  return {
    user,
    host,
    port: Number(port),
    command,
    address: address === undefined ? undefined : parseIpAddress(address),
  };
}

function learn(
  facts: readonly ReachedFact[],
  options?: ConstructorParameters<typeof RuleLearner>[0],
): string[] {
  const learner = new RuleLearner(options);
  for (const one of facts) learner.take(one);
  return learner.lines();
}

function allows(lines: readonly string[], one: ReachedFact): boolean {
  return decidesBy(lines)(one);
}

/** Returns whether learnt rules allow what is asked. */
function decidesBy(lines: readonly string[]): (one: ReachedFact) => boolean {
  const rules = parseRules([ruleFile(lines.join("\n"), "learnt")]);
  return (one) => isAllowed(rules, one);
}

function isAllowed(
  rules: ReturnType<typeof parseRules>,
  one: ReachedFact,
): boolean {
  const ip = parseIpAddress(one.host);
  const question: Question = {
    client: undefined,
    user: one.user,
    listener: { path: "/x" },
    command: one.command,
    target: { name: ip === undefined ? one.host : undefined, port: one.port },
    isGuarded: true,
  };
  const address = ip ?? one.address ?? parseIpAddress("1.1.1.1")!;
  return rules.decideAddress(question, address).isAllowed;
}

Deno.test("RuleLearner allows nothing if nothing happened", () => {
  assertEquals(learn([]), ["default deny"]);
});

Deno.test("RuleLearner puts hosts with the same ports into one rule", () => {
  const lines = learn([
    fact("www.example.com 443"),
    fact("api.example.com 443"),
    fact("api.example.com 443", { command: "http" }),
    fact("deb.example.org 80", { command: "http" }),
    fact("deb.example.org 443"),
  ]);
  assertEquals(lines, [
    "deny command bind,udp",
    "allow name api.example.com,www.example.com port 443",
    "allow name deb.example.org port 80,443",
    "default deny",
  ]);
});

Deno.test("RuleLearner groups by user only if somebody has a name", () => {
  const lines = learn([
    fact("a.example 443", { user: "bob smith" }),
    fact("a.example 443", { user: "alice" }),
    fact("b.example 443"),
  ]);
  assertEquals(lines, [
    "deny command bind,udp",
    "allow user - name b.example port 443",
    "allow user alice name a.example port 443",
    'allow user "bob smith" name a.example port 443',
    "default deny",
  ]);
});

Deno.test("RuleLearner names an address that the guard would refuse", () => {
  const lines = learn([
    fact("db.internal 5432", { address: "10.0.0.7" }),
    fact("example.com 443", { address: "93.184.215.14" }),
    fact("127.0.0.1 8080", { address: "127.0.0.1" }),
  ]);
  assertEquals(lines.slice(1, -1), [
    "allow to 127.0.0.1 port 8080",
    "allow name example.com port 443",
    "allow name db.internal to 10.0.0.7 port 5432",
  ]);
});

Deno.test("RuleLearner allows the other addresses of a name that has a guarded one", () => {
  const facts = [
    fact("db.example 5432", { address: "10.0.0.7" }),
    fact("db.example 5432", { address: "93.184.215.14" }),
    fact("in.example 5432", { address: "10.0.0.7" }),
    fact("in.example 5432"),
  ];
  const lines = learn(facts);
  assertEquals(lines.slice(1, -1), [
    "allow name db.example port 5432",
    "allow name db.example to 10.0.0.7 port 5432",
    "allow name in.example to 10.0.0.7 port 5432",
  ]);
  for (const one of facts.slice(0, 3)) assert(allows(lines, one));
});

Deno.test("RuleLearner leaves the port out if BIND asked for none", () => {
  const bind = fact("192.0.2.1 0", { command: "bind" });
  const lines = learn([bind, fact("a.example 443")]);
  assertEquals(lines, [
    "allow to 192.0.2.1 command bind",
    "allow name a.example port 443 command connect,http",
    "default deny",
  ]);
  assert(allows(lines, bind));
});

Deno.test("RuleLearner says commands if one is BIND or UDP", () => {
  const lines = learn([
    fact("a.example 443"),
    fact("dns.example 53", { command: "udp" }),
  ]);
  assertEquals(lines, [
    "allow name a.example port 443 command connect,http",
    "allow name dns.example port 53 command udp",
    "default deny",
  ]);
});

Deno.test("RuleLearner allows any protocol only where no name was shown", () => {
  const ssh = { ...fact("git.example 22"), isHidden: true };
  const dns = { ...fact("dns.example 53", { command: "udp" }), isHidden: true };
  assertEquals(learn([fact("a.example 22"), ssh]), [
    "deny command bind,udp",
    "allow name a.example port 22",
    "allow name git.example port 22 any-protocol",
    "default deny",
  ]);
  const lines = learn([dns]);
  assertEquals(lines, [
    "allow name dns.example port 53 command udp any-protocol",
    "default deny",
  ]);
  assert(allows(lines, dns));
});

Deno.test("RuleLearner joins ports that follow each other", () => {
  const facts = [80, 8000, 8001, 8002, 9001, 9002].map((port) =>
    fact(`a.example ${port}`)
  );
  assertEquals(
    learn(facts)[1],
    "allow name a.example port 80,8000-8002,9001,9002",
  );
});

Deno.test("RuleLearner generalises names only if it is told to", () => {
  const facts = ["a", "b", "c"].map((label) => fact(`${label}.cdn.example 443`))
    .concat([fact("x.co.uk 443"), fact("y.co.uk 443"), fact("z.co.uk 443")])
    .concat([fact("p.example 443"), fact("q.example 443")]);
  assert(!learn(facts).join("\n").includes("*"));
  assertEquals(learn(facts, { generalise: 4 }), learn(facts));
  assertEquals(
    learn(facts, { generalise: 3 })[1],
    "allow name *.cdn.example,p.example,q.example,x.co.uk,y.co.uk,z.co.uk port 443",
  );
});

Deno.test("RuleLearner goes on in another rule before a line gets long", () => {
  const facts = Array.from(
    { length: 50 },
    (_, n) => fact(`host-${n}.example.com 443`),
  );
  const lines = learn(facts);
  assert(lines.length > 10);
  for (const line of lines) assert(line.length <= 100, line);
  for (const one of facts) assert(allows(lines, one), one.host);
});

Deno.test("RuleLearner writes longer lines rather than more than a file may have", () => {
  const learner = new RuleLearner();
  const long = "x".repeat(60); // A line of the first width has one name.
  for (let n = 0; n < 10_000; n++) {
    const host = `host-${n}.${long}.example.com`;
    learner.take(fact(`${host} 443`, { user: `u${n % 3}` }));
  }
  const lines = learner.lines();
  assert(lines.length < 9_000, `${lines.length}`);
  const rules = parseRules([ruleFile(lines.join("\n"), "learnt")]);
  assertEquals(rules.size, lines.length - 1);
});

Deno.test("RuleLearner leaves out what no rule can say, and what has no room", () => {
  const learner = new RuleLearner({ most: 2 });
  learner.take(fact("a..example 443"));
  learner.take(fact("a.example 443", { user: 'a"b' }));
  assert(!learner.take(fact("a.example 443", { user: "a\nallow" })));
  assertEquals(learner.left, 3);
  learner.take(fact("a.example 443"));
  learner.take(fact("b.example 443"));
  learner.take(fact("c.example 443"));
  learner.take(fact("b.example 80"));
  assertEquals(learner.left, 4);
  assertEquals(learner.lines().slice(1), [
    "allow name a.example port 443",
    "allow name b.example port 80,443",
    "default deny",
  ]);
});

Deno.test("RuleLearner allows all it learnt from and nothing else", () => {
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % most;
  };
  const any = (kind: string) =>
    fact(
      random(5) === 0
        ? `${kind === "own" ? 10 : 11}.0.${random(4)}.${random(9)} ${
          400 + random(9)
        }`
        : `h${random(40)}.${kind}${random(6)}.example ${400 + random(9)}`,
      { ...random(3) === 0 ? {} : { user: `u${random(4)}` } },
    );
  const facts = Array.from({ length: 500 }, () => any("own"));
  const lines = learn(facts);
  const allows = decidesBy(lines);
  for (const one of facts) assert(allows(one), JSON.stringify(one));
  for (let n = 0; n < 100; n++) {
    const foreign = any("foreign");
    assert(!allows(foreign), JSON.stringify(foreign));
  }
});
