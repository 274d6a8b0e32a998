import { assert, assertEquals } from "@std/assert";
import { parseAll } from "@std/yaml";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import { faults, fields, manifestFaults } from "./manifest_faults.ts";

const FILE = new URL("../../scripts/deploy/kubernetes.yaml", import.meta.url);

// deno-lint-ignore no-explicit-any
const objects = parseAll(await Deno.readTextFile(FILE)) as any[];

// deno-lint-ignore no-explicit-any
function only(kind: string): any {
  const found = objects.filter((object) => object.kind === kind);
  assertEquals(found.length, 1, kind);
  return found[0];
}

Deno.test("kubernetes.yaml has fields that the API knows, and all that it wants", () => {
  assertEquals(objects.flatMap(manifestFaults), []);
  assertEquals(objects.length, 6);
});

Deno.test("the check of kubernetes.yaml finds what is missing, unknown and of another type", () => {
  const shape = fields({ "a!": "number", b: [fields({ c: "string" })] });
  const value = { b: [{ c: 1, d: 2 }] };
  assertEquals(faults(value, shape, "x"), [
    "x.a is missing",
    "x.b[0].c is no string",
    "x.b[0].d is unknown",
  ]);
});

Deno.test("kubernetes.yaml names the same things everywhere", () => {
  const { spec } = only("Deployment");
  const { labels } = spec.template.metadata;
  for (
    const selector of [
      spec.selector.matchLabels,
      only("Service").spec.selector,
      only("PodDisruptionBudget").spec.selector.matchLabels,
    ]
  ) assertEquals(selector, labels);
  const { containers: [container], volumes } = spec.template.spec;
  // deno-lint-ignore no-explicit-any
  const names = (list: any[]) => list.map(({ name }) => name).toSorted();
  assertEquals(names(container.volumeMounts), names(volumes));
  const ports = new Set(names(container.ports));
  const { startupProbe, livenessProbe, readinessProbe } = container;
  for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
    assert(ports.has(probe.httpGet.port));
  }
  for (const { targetPort } of only("Service").spec.ports) {
    assert(ports.has(targetPort));
  }
  const { scaleTargetRef } = only("HorizontalPodAutoscaler").spec;
  assertEquals(scaleTargetRef.name, only("Deployment").metadata.name);
});

Deno.test("kubernetes.yaml keeps to the restricted standard of pods", () => {
  const { spec } = only("Deployment").spec.template;
  const [container] = spec.containers;
  assertEquals(spec.securityContext.runAsNonRoot, true);
  assertEquals(spec.securityContext.seccompProfile.type, "RuntimeDefault");
  assertEquals(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

Deno.test("kubernetes.yaml gives the drain the time that it takes", () => {
  const { spec } = only("Deployment").spec.template;
  const [{ args, lifecycle }] = spec.containers;
  const [drain] = args.flatMap((text: string) =>
    /^--drain-timeout=(\d+)s$/.exec(text)?.[1] ?? []
  );
  const needed = Number(drain) + lifecycle.preStop.sleep.seconds;
  assert(spec.terminationGracePeriodSeconds > needed);
});

Deno.test("kubernetes.yaml and sluice.service use options that exist", async () => {
  const [{ args }] = only("Deployment").spec.template.spec.containers;
  const unit = await Deno.readTextFile(new URL("sluice.service", FILE));
  const start = /^ExecStart=(.*)$/m.exec(unit)![1]!;
  const used = [...args, ...start.split(" ")]
    .flatMap((text: string) => /^--([a-z-]+)/.exec(text)?.[1] ?? []);
  for (const name of used) assert(Object.hasOwn(PROXY_OPTIONS, name), name);
});
