import { assert, assertEquals } from "@std/assert";
import { parseAll } from "@std/yaml";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";

const FILE = new URL("../../scripts/deploy/kubernetes.yaml", import.meta.url);

type Value = string | number | boolean | Value[] | { [key: string]: Value };

/**
 * What the API wants and knows of each field, as far as it is in use: a name
 * with `!` has to be there, any name that is missing here is unknown.
 */
type Shape =
  | "string"
  | "number"
  | "boolean"
  | "port"
  | readonly [Shape]
  | { readonly any: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

const fields = (all: Record<string, Shape>): Shape => ({ fields: all });
const LABELS: Shape = { any: "string" };
const METADATA = fields({ "name!": "string", labels: LABELS });
const SELECTOR = fields({ "matchLabels!": LABELS });
const PROBE = fields({
  "httpGet!": fields({ "path!": "string", "port!": "port" }),
  periodSeconds: "number",
  timeoutSeconds: "number",
  failureThreshold: "number",
});
const CONTAINER = fields({
  "name!": "string",
  "image!": "string",
  args: ["string"],
  ports: [fields({ name: "string", "containerPort!": "number" })],
  startupProbe: PROBE,
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  lifecycle: fields({
    preStop: fields({ sleep: fields({ "seconds!": "number" }) }),
  }),
  resources: fields({ requests: LABELS, limits: LABELS }),
  securityContext: fields({
    allowPrivilegeEscalation: "boolean",
    readOnlyRootFilesystem: "boolean",
    capabilities: fields({ drop: ["string"] }),
  }),
  volumeMounts: [
    fields({ "name!": "string", "mountPath!": "string", readOnly: "boolean" }),
  ],
});
const POD = fields({
  automountServiceAccountToken: "boolean",
  terminationGracePeriodSeconds: "number",
  topologySpreadConstraints: [fields({
    "maxSkew!": "number",
    "topologyKey!": "string",
    "whenUnsatisfiable!": "string",
    labelSelector: SELECTOR,
  })],
  securityContext: fields({
    runAsNonRoot: "boolean",
    runAsUser: "number",
    runAsGroup: "number",
    fsGroup: "number",
    seccompProfile: fields({ "type!": "string" }),
  }),
  "containers!": [CONTAINER],
  volumes: [fields({
    "name!": "string",
    secret: fields({ secretName: "string", defaultMode: "number" }),
    configMap: fields({ name: "string" }),
    emptyDir: fields({ medium: "string", sizeLimit: "string" }),
  })],
});

const KINDS: Record<string, Record<string, Shape>> = {
  "v1 Secret": { type: "string", "stringData!": LABELS },
  "v1 ConfigMap": { "data!": LABELS },
  "apps/v1 Deployment": {
    "spec!": fields({
      revisionHistoryLimit: "number",
      strategy: fields({
        type: "string",
        rollingUpdate: fields({ maxSurge: "number", maxUnavailable: "number" }),
      }),
      "selector!": SELECTOR,
      "template!": fields({
        "metadata!": fields({ labels: LABELS }),
        "spec!": POD,
      }),
    }),
  },
  "v1 Service": {
    "spec!": fields({
      type: "string",
      selector: LABELS,
      "ports!": [fields({
        name: "string",
        "port!": "number",
        targetPort: "port",
        protocol: "string",
      })],
    }),
  },
  "policy/v1 PodDisruptionBudget": {
    "spec!": fields({ maxUnavailable: "number", "selector!": SELECTOR }),
  },
  "autoscaling/v2 HorizontalPodAutoscaler": {
    "spec!": fields({
      "scaleTargetRef!": fields({
        apiVersion: "string",
        "kind!": "string",
        "name!": "string",
      }),
      minReplicas: "number",
      "maxReplicas!": "number",
      metrics: [fields({
        "type!": "string",
        resource: fields({
          "name!": "string",
          "target!": fields({
            "type!": "string",
            averageUtilization: "number",
          }),
        }),
      })],
      behavior: fields({
        scaleDown: fields({
          stabilizationWindowSeconds: "number",
          policies: [fields({
            "type!": "string",
            "value!": "number",
            "periodSeconds!": "number",
          })],
        }),
      }),
    }),
  },
};

/** Collects what is wrong, each with its path. */
function faults(
  value: Value | undefined,
  shape: Shape,
  path: string,
): string[] {
  if (shape === "port") {
    return typeof value === "string" || typeof value === "number"
      ? []
      : [`${path} is no port`];
  }
  if (typeof shape === "string") {
    const type: string = typeof value;
    return type === shape ? [] : [`${path} is no ${shape}`];
  }
  if (0 in shape) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((one, index) =>
      faults(one, shape[0], `${path}[${index}]`)
    );
  }
  if (typeof value !== "object" || Array.isArray(value)) {
    return [`${path} is no object`];
  }
  if ("any" in shape) {
    return Object.entries(value).flatMap(([key, one]) =>
      faults(one, shape.any, `${path}.${key}`)
    );
  }
  const known = shape.fields;
  const missing = Object.keys(known)
    .filter((name) => name.endsWith("!") && !(name.slice(0, -1) in value))
    .map((name) => `${path}.${name.slice(0, -1)} is missing`);
  const wrong = Object.entries(value).flatMap(([name, one]) => {
    const of = known[name] ?? known[`${name}!`];
    const at = `${path}.${name}`;
    return of === undefined ? [`${at} is unknown`] : faults(one, of, at);
  });
  return [...missing, ...wrong];
}

// deno-lint-ignore no-explicit-any
const objects = parseAll(await Deno.readTextFile(FILE)) as any[];

// deno-lint-ignore no-explicit-any
function only(kind: string): any {
  const found = objects.filter((object) => object.kind === kind);
  assertEquals(found.length, 1, kind);
  return found[0];
}

Deno.test("kubernetes.yaml has fields that the API knows, and all that it wants", () => {
  for (const object of objects) {
    const name = `${object.apiVersion} ${object.kind}`;
    assert(name in KINDS, name);
    const shape = fields({
      "apiVersion!": "string",
      "kind!": "string",
      "metadata!": METADATA,
      ...KINDS[name],
    });
    assertEquals(faults(object, shape, object.kind), []);
  }
  assertEquals(objects.length, Object.keys(KINDS).length);
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
