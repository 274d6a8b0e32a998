/**
 * Manifests of Kubernetes, as far as ours use them: what each field has to be.
 *
 * @module
 */

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

export const fields = (all: Record<string, Shape>): Shape => ({ fields: all });
const LABELS: Shape = { any: "string" };
const METADATA = fields({ "name!": "string", labels: LABELS });
const SELECTOR = fields({ "matchLabels!": LABELS });
const PROBE = fields({
  httpGet: fields({ "path!": "string", "port!": "port" }),
  tcpSocket: fields({ "port!": "port" }),
  periodSeconds: "number",
  timeoutSeconds: "number",
  failureThreshold: "number",
});
const CONTAINER = fields({
  "name!": "string",
  "image!": "string",
  args: ["string"],
  env: [fields({
    "name!": "string",
    valueFrom: fields({ fieldRef: fields({ "fieldPath!": "string" }) }),
  })],
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
const TEMPLATE = fields({
  "metadata!": fields({ labels: LABELS }),
  "spec!": POD,
});

const KINDS: Record<string, Record<string, Shape>> = {
  "v1 Secret": { type: "string", "stringData!": LABELS },
  "v1 ConfigMap": { "data!": LABELS },
  "apps/v1 StatefulSet": {
    "spec!": fields({
      replicas: "number",
      "serviceName!": "string",
      podManagementPolicy: "string",
      minReadySeconds: "number",
      revisionHistoryLimit: "number",
      updateStrategy: fields({ type: "string" }),
      "selector!": SELECTOR,
      "template!": TEMPLATE,
    }),
  },
  "networking.k8s.io/v1 NetworkPolicy": {
    "spec!": fields({
      "podSelector!": SELECTOR,
      policyTypes: ["string"],
      ingress: [fields({ from: [fields({ podSelector: SELECTOR })] })],
    }),
  },
  "apps/v1 Deployment": {
    "spec!": fields({
      replicas: "number",
      revisionHistoryLimit: "number",
      strategy: fields({
        type: "string",
        rollingUpdate: fields({ maxSurge: "number", maxUnavailable: "number" }),
      }),
      "selector!": SELECTOR,
      "template!": TEMPLATE,
    }),
  },
  "v1 Service": {
    "spec!": fields({
      type: "string",
      clusterIP: "string",
      externalTrafficPolicy: "string",
      publishNotReadyAddresses: "boolean",
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

/** Finds what is wrong with an object: its kind, and each of its fields. */
export function manifestFaults(object: Record<string, Value>): string[] {
  const name = `${object["apiVersion"]} ${object["kind"]}`;
  if (!(name in KINDS)) return [`${name} is unknown`];
  const shape = fields({
    "apiVersion!": "string",
    "kind!": "string",
    "metadata!": METADATA,
    ...KINDS[name],
  });
  return faults(object, shape, String(object["kind"]));
}

/** Collects what is wrong, each with its path. */
export function faults(
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
