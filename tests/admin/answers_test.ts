import { assert, assertEquals, assertMatch } from "@std/assert";
import { SCHEMAS } from "../../lib/admin/api.ts";
import { ENDPOINTS } from "../../lib/admin/endpoints.ts";
import { CONFIRMED, startTestAdmin } from "../support/admin.ts";
import { fakeNodes } from "../support/fake_fleet.ts";
import { Sluice } from "../support/sluice.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** All static imports of a module of the program, direct and indirect. */
async function importsOf(path: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", path],
    cwd: ROOT,
  }).output();
  const { modules, roots } = JSON.parse(new TextDecoder().decode(stdout));
  const found = new Set<string>(roots);
  for (const name of found) {
    const module = modules.find((one: Module) => one.specifier === name);
    for (const { code, isDynamic } of module?.dependencies ?? []) {
      if (code?.specifier && !isDynamic) found.add(code.specifier);
    }
  }
  return found;
}

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier?: string }; isDynamic?: boolean }[];
}

Deno.test("the admin listener imports libraries only when a request needs them", async () => {
  const names = [...await importsOf("lib/admin/server.ts")];
  assert(names.some((name) => name.endsWith("/lib/admin/endpoints.ts")));
  assertEquals(
    names.filter((name) => /zod|prom-client|admin\/api\.ts$/.test(name)),
    [],
  );
  const document = [...await importsOf("lib/admin/openapi.ts")];
  assert(document.some((name) => /^npm:.*\bzod@/.test(name)));
});

Deno.test("answerRoute() finds no tunnel for a malformed id", async () => {
  await using admin = await startTestAdmin();
  const long = "1".repeat(50);
  for (
    const id of ["abc", "0", "01", "1e3", "0x1", "-1", "1.5", "%201", long]
  ) {
    const { status, text } = await admin.ask("DELETE", `/api/tunnels/${id}`, {
      headers: CONFIRMED,
    });
    assertEquals(status, 404, id);
    const message = `No tunnel ${decodeURIComponent(id).slice(0, 40)}`;
    assertEquals(JSON.parse(text), { error: { code: "not_found", message } });
  }
});

Deno.test("answerRoute() reads a path parameter only from the path", async () => {
  await using admin = await startTestAdmin();
  const ask = async (path: string) =>
    JSON.parse((await admin.ask("DELETE", path, { headers: CONFIRMED })).text);
  assertEquals(
    (await ask("/api/bans/one?key=other")).error.message,
    "No ban of one",
  );
  const { code, message } = (await ask("/api/bans/one?kind=users")).error;
  assertEquals([code, message], [
    "bad_request",
    "kind must be client or user",
  ]);
});

Deno.test("ENDPOINTS answer with the fields of their schemas, and no others", async () => {
  await using admin = await startTestAdmin();
  admin.admin.start(fakeNodes());
  for (const [operation, endpoint] of Object.entries(ENDPOINTS)) {
    if (!operation.startsWith("GET /api/") || !("schema" in endpoint)) continue;
    const answer = await admin.get(operation.slice("GET ".length));
    const schema = SCHEMAS[endpoint.schema];
    assertEquals(schema.parse(answer), answer, operation);
  }
});

Deno.test("sluice loads modules for the API with the permissions that doctor lists", async () => {
  await using sluice = new Sluice(
    {
      permissions: [
        ...["--no-prompt", "--allow-net"],
        "--allow-env=SLUICE_USERS,SLUICE_ADMIN_TOKEN,NO_COLOR",
        `--allow-read=${ROOT}lib`,
      ],
    },
    ...["--admin", "127.0.0.1:0"],
  );
  const line = await sluice.line(/http:\/\/127\.0\.0\.1:\d+\/$/);
  const [admin] = /http:\S+(?=\/$)/.exec(line)!;
  const response = await fetch(`${admin}/api/openapi.json`);
  const { openapi, paths } = await response.json();
  assertEquals([response.status, openapi], [200, "3.1.0"]);
  const [id] = paths["/api/tunnels/{id}"].delete.parameters;
  assertEquals([id.name, id.in, id.schema.type], ["id", "path", "integer"]);
  const figures = await fetch(`${admin}/metrics`);
  assertMatch(await figures.text(), /^sluice_dial_duration_seconds_count\b/m);
  const lifted = await fetch(`${admin}/api/bans/192.0.2.1`, {
    method: "DELETE",
    headers: CONFIRMED,
  });
  assertEquals((await lifted.json()).error.code, "not_found");
});
