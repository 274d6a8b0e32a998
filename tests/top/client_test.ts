import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/admin/client/api.ts";
import { parseAdminAddress } from "../../lib/top/address.ts";
import { AdminClient } from "../../lib/top/client.ts";
import { startTestAdmin } from "../support/admin.ts";
import { makeFolder, startHttp } from "../support/programs.ts";
import { startServer } from "../support/sockets.ts";
import { CERTIFICATE, KEY } from "../support/tls_identity.ts";

const TOKEN = "0123456789abcdef0123";

function clientOf(
  address: string,
  options: Partial<ConstructorParameters<typeof AdminClient>[1]> = {},
): AdminClient {
  return new AdminClient(parseAdminAddress([address]), {
    token: undefined,
    timeout: 5_000,
    ...options,
  });
}

/** Describes why a call fails. */
async function faultOf(client: AdminClient): Promise<string> {
  const error = await assertRejects(() => client.call("GET /api/status"));
  return client.describe(error);
}

Deno.test("AdminClient.call() works over TCP and over a Unix socket", async () => {
  await using admin = await startTestAdmin();
  using client = clientOf(admin.host);
  assertEquals((await client.call("GET /api/status")).open, 0);
  await using folder = await makeFolder();
  const path = `${folder.path}/admin.sock`;
  await using other = await startTestAdmin({ listen: { path } });
  using unix = clientOf(other.host);
  assertEquals((await unix.call("GET /api/status")).listeners, []);
});

Deno.test("AdminClient.call() ignores proxy variables of the environment", async () => {
  await using admin = await startTestAdmin();
  const before = Deno.env.get("HTTP_PROXY");
  Deno.env.set("HTTP_PROXY", "http://127.0.0.1:1");
  try {
    using client = clientOf(admin.host);
    assertEquals((await client.call("GET /api/status")).open, 0);
  } finally {
    if (before === undefined) Deno.env.delete("HTTP_PROXY");
    else Deno.env.set("HTTP_PROXY", before);
  }
});

Deno.test("AdminClient.call() confirms changes, and reports the server's error", async () => {
  await using admin = await startTestAdmin();
  using client = clientOf(admin.host);
  const error = await assertRejects(
    () => client.call("DELETE /api/tunnels/17"),
    ApiError,
  );
  assertEquals(client.describe(error), "No tunnel 17");
});

Deno.test("AdminClient.call() sends the token, and reports a missing or wrong one", async () => {
  await using admin = await startTestAdmin({ token: TOKEN });
  using right = clientOf(admin.host, { token: TOKEN });
  assertEquals((await right.call("GET /api/status")).open, 0);
  using wrong = clientOf(admin.host, { token: TOKEN.toUpperCase() });
  assertEquals(await faultOf(wrong), "the token is wrong");
  using none = clientOf(admin.host);
  assertEquals(
    await faultOf(none),
    "it needs a token: give --admin-token-file FILE or SLUICE_ADMIN_TOKEN",
  );
});

Deno.test("AdminClient.call() sends requests to a TLS gateway under its path", async () => {
  const paths: string[] = [];
  await using gateway = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      cert: CERTIFICATE,
      key: KEY,
      onListen() {},
    },
    ({ headers, url }) => {
      paths.push(`${new URL(url).pathname} ${headers.get("host")}`);
      return Response.json({ open: 7 });
    },
  );
  const url = `https://localhost:${gateway.addr.port}/sluice`;
  using client = clientOf(url, { ca: CERTIFICATE });
  assertEquals((await client.call("GET /api/status")).open, 7);
  assertEquals(paths, [
    `/sluice/api/status localhost:${gateway.addr.port}`,
  ]);
  using stranger = clientOf(url);
  assertEquals(
    await faultOf(stranger),
    "self-signed certificate",
  );
  assertEquals(paths.length, 1);
});

Deno.test("AdminClient.describe() says why a server cannot be reached", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  using refused = clientOf(`${port}`);
  assertEquals(await faultOf(refused), "connection refused (ECONNREFUSED)");
  using missing = clientOf("unix:/nonexistent/admin.sock");
  assertEquals(await faultOf(missing), "there is no such file (ENOENT)");
});

Deno.test("AdminClient.call() times out", async () => {
  const done = Promise.withResolvers<void>();
  await using silent = startServer(() => done.promise);
  using client = clientOf(`${silent.addr.port}`, { timeout: 100 });
  assertEquals(await faultOf(client), "no answer within 0.1 s");
  done.resolve();
});

Deno.test("AdminClient.call() rejects answers of other servers", async () => {
  await using page = startHttp(() => new Response("<html>"));
  using client = clientOf(`${page.addr.port}`);
  assertEquals(
    await faultOf(client),
    "the answer is not from a Sluice admin API",
  );
  await using moved = startHttp(() =>
    new Response(null, { status: 302, headers: { location: "/login" } })
  );
  using other = clientOf(`${moved.addr.port}`);
  assertEquals(await faultOf(other), "the server answered 302");
});

Deno.test("AdminClient.call() limits the size of an answer", async () => {
  const piece = new Uint8Array(1024 * 1024).fill(32);
  await using endless = startHttp(() =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(piece) }),
    )
  );
  using client = clientOf(`${endless.addr.port}`);
  await assertRejects(
    () => client.call("GET /api/status"),
    RangeError,
    "16777216", // People read another message, without the number.
  );
});

Deno.test("AdminClient[Symbol.dispose]() ends a stream", async () => {
  await using admin = await startTestAdmin();
  const client = clientOf(admin.host);
  const response = await client.open("api/events");
  const reader = response.body!.getReader();
  await reader.read();
  client[Symbol.dispose]();
  while (true) {
    const { done } = await reader.read().catch(() => ({ done: true }));
    if (done) break;
  }
});
