import { assert, assertEquals, assertGreater } from "@std/assert";
import { parseAll } from "@std/yaml";
import { PROXY_OPTIONS } from "../../../lib/proxy/options.ts";
import { makeFolder, run, testPrograms } from "../../support/programs.ts";
import { manifestFaults } from "../manifest_faults.ts";

const FILE = new URL(
  "../../../scripts/deploy/fleet/kubernetes.yaml",
  import.meta.url,
);

// deno-lint-ignore no-explicit-any
const objects = parseAll(await Deno.readTextFile(FILE)) as any[];

// deno-lint-ignore no-explicit-any
function one(kind: string, name: string): any {
  const found = objects.filter((object) =>
    object.kind === kind && object.metadata.name === name
  );
  assertEquals(found.length, 1, `${kind} ${name}`);
  return found[0];
}

const PODS = [
  one("StatefulSet", "sluice"),
  one("Deployment", "haproxy"),
  one("Deployment", "redis"),
];

const HAPROXY: string = one("ConfigMap", "haproxy").data["haproxy.cfg"];

/** The value of an option of Sluice, in seconds. */
function seconds(name: string): number {
  const [{ args }] = PODS[0].spec.template.spec.containers;
  const values = args.flatMap((word: string) => {
    const [option, value] = word.split("=");
    return option === `--${name}` ? [value] : [];
  });
  assertEquals(values.length, 1, name);
  return Number(/^(\d+)s$/.exec(values[0])![1]);
}

Deno.test("the fleet's kubernetes.yaml has fields that the API knows", () => {
  assertEquals(objects.flatMap(manifestFaults), []);
});

Deno.test("the fleet's kubernetes.yaml names the same things everywhere", () => {
  const labels = new Map(
    PODS.map(({ metadata, spec }) => {
      assertEquals(spec.selector.matchLabels, spec.template.metadata.labels);
      return [metadata.name, spec.template.metadata.labels];
    }),
  );
  const known = [...labels.values()].map((of) => JSON.stringify(of));
  for (const { kind, metadata, spec } of objects) {
    const selector = kind === "Service" || kind === "PodDisruptionBudget"
      ? spec.selector.matchLabels ?? spec.selector
      : spec?.podSelector?.matchLabels;
    if (selector === undefined) continue;
    assert(
      known.includes(JSON.stringify(selector)),
      `${kind} ${metadata.name}`,
    );
  }
  for (const { spec: { template: { spec } } } of PODS) {
    const [{ ports, readinessProbe, volumeMounts = [] }] = spec.containers;
    // deno-lint-ignore no-explicit-any
    const names = (list: any[]) => list.map(({ name }) => name).toSorted();
    assertEquals(names(volumeMounts), names(spec.volumes ?? []));
    const { httpGet, tcpSocket } = readinessProbe;
    assert(names(ports).includes((httpGet ?? tcpSocket).port));
  }
  const { serviceName, replicas } = PODS[0].spec;
  assertEquals(one("Service", serviceName).spec.clusterIP, "None");
  const servers = [...HAPROXY.matchAll(/^ +server (\S+) (\S+)$/gm)];
  assertEquals(
    servers.map(([, name, address]) => [name, address]),
    Array.from({ length: replicas }, (_, index) => [
      `sluice-${index}`,
      `sluice-${index}.${serviceName}:1080`,
    ]),
  );
});

Deno.test("the fleet's kubernetes.yaml keeps to the restricted standard of pods", () => {
  for (const { spec: { template: { spec } } } of PODS) {
    const [container] = spec.containers;
    assertEquals(spec.securityContext.runAsNonRoot, true);
    assertEquals(spec.securityContext.seccompProfile.type, "RuntimeDefault");
    assertEquals(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  }
});

Deno.test("the fleet's kubernetes.yaml gives HAProxy and the drain their time", () => {
  const { spec } = PODS[0].spec.template;
  const drain = seconds("drain-delay") + seconds("drain-timeout");
  assertGreater(spec.terminationGracePeriodSeconds, drain);
  const [, every, falls, rises] =
    /check port 9090 inter (\d+)s fall (\d+) rise (\d+)/.exec(HAPROXY)!;
  assertGreater(seconds("drain-delay"), Number(every) * Number(falls));
  assertGreater(PODS[0].spec.minReadySeconds, Number(every) * Number(rises));
});

Deno.test("the files of the fleet use options that exist", async () => {
  const [{ args }] = PODS[0].spec.template.spec.containers;
  const conf = await Deno.readTextFile(new URL("fleet.conf", FILE));
  const start = /^ExecStart=\/(?:\\\n|[^\n])*/m.exec(conf)![0];
  const used = [...args, ...start.split(/\s+/)]
    .flatMap((word: string) => /^--([a-z-]+)/.exec(word)?.[1] ?? []);
  assertGreater(used.length, 20);
  for (const name of used) assert(Object.hasOwn(PROXY_OPTIONS, name), name);
});

testPrograms({
  name:
    "the configuration of HAProxy in the fleet's kubernetes.yaml passes haproxy -c",
  needs: ["haproxy"],
  async fn({ haproxy }) {
    await using folder = await makeFolder();
    const path = `${folder.path}/haproxy.cfg`;
    await Deno.writeTextFile(path, HAPROXY);
    const { code, text, stderr } = await run(haproxy, ["-c", "-f", path]);
    assertEquals(code, 0, stderr);
    assertEquals(/warning/i.test(text + stderr), false, text + stderr);
  },
});

testPrograms({
  name: "sluice.service passes systemd-analyze verify with fleet.conf",
  needs: ["systemd-analyze"],
  async fn({ "systemd-analyze": tool }) {
    await using folder = await makeFolder();
    const deploy = new URL("../", FILE);
    const copy = async (from: URL, to: string) =>
      await Deno.writeTextFile(
        `${folder.path}/${to}`,
        (await Deno.readTextFile(from))
          .replaceAll("/usr/local/bin/sluice", Deno.execPath()),
      );
    await Deno.mkdir(`${folder.path}/sluice.service.d`);
    await copy(new URL("sluice.service", deploy), "sluice.service");
    await copy(new URL("sluice.socket", deploy), "sluice.socket");
    await copy(new URL("fleet.conf", FILE), "sluice.service.d/fleet.conf");
    const { code, stderr } = await run(tool, [
      ...["verify", "--man=no", "--recursive-errors=no"],
      ...["sluice.service", "sluice.socket"].map((name) =>
        `${folder.path}/${name}`
      ),
    ]);
    assertEquals([code, stderr], [0, ""]);
  },
});
