import { assert, assertEquals } from "@std/assert";
import { billOfMaterials } from "../../scripts/sbom.ts";

const { components, dependencies, metadata } = await billOfMaterials();

const names = components.map(({ name }) => name);

Deno.test("billOfMaterials() has the packages of the program, and none of the tests", () => {
  for (const name of ["deno", "zod", "re2js", "asn1js", "tdigest"]) {
    assert(names.includes(name), name);
  }
  for (const name of ["ws", "undici", "socks", "axe-core"]) {
    assert(!names.includes(name), name);
  }
});

Deno.test("billOfMaterials() names each part once, with a licence and a checksum", () => {
  const refs = components.map((component) => component["bom-ref"]);
  assertEquals(new Set(refs).size, refs.length);
  for (const { type, licenses, hashes, name, purl } of components) {
    assert(/^pkg:(npm|github)\/[^@]+@v?\d+\.\d+\.\d+$/.test(purl), purl);
    assert(/^[\w.-]+$/.test(licenses[0]!.license.id), name);
    if (type === "library") {
      assert(/^[0-9a-f]{128}$/.test(hashes![0]!.content), name);
    }
  }
});

Deno.test("billOfMaterials() reaches every part from the program", () => {
  const needs = new Map(
    dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]),
  );
  const reached = new Set([metadata.component["bom-ref"]]);
  for (const ref of reached) {
    for (const needed of needs.get(ref) ?? []) reached.add(needed);
  }
  assertEquals(reached.size, components.length + 1);
});
