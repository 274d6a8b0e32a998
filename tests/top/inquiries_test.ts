import { assertEquals } from "@std/assert";
import { parseAdminAddress } from "../../lib/top/address.ts";
import { AdminClient } from "../../lib/top/client.ts";
import { Inquiries, UNKNOWN } from "../../lib/top/inquiries.ts";
import { openView } from "../../lib/top/view.ts";
import { startHttp } from "../support/programs.ts";

const VIEW = openView({ filter: "", sort: "rate", isReversed: false });

const TALKERS = { bytes: 1, connections: 1, talkers: [] };

/** A server that answers after `go`, with the requested paths. */
function startApi(go: () => Promise<void> = () => Promise.resolve()) {
  const asked: string[] = [];
  const server = startHttp(async ({ url }) => {
    const { pathname, search } = new URL(url);
    asked.push(pathname + search);
    await go();
    if (pathname === "/api/talkers") return Response.json(TALKERS);
    return Response.json({ ended: 10, share: 0.2 });
  });
  const client = new AdminClient(parseAdminAddress([`${server.addr.port}`]), {
    token: undefined,
    timeout: 5_000,
  });
  return { asked, server, client };
}

Deno.test("Inquiries.ask() requests the figures of the current panel", async () => {
  const { asked, client, server } = startApi();
  await using _server = server;
  const inquiries = new Inquiries(client);
  await inquiries.ask(VIEW);
  assertEquals(asked.splice(0), ["/api/failures?range=5m"]);
  assertEquals([inquiries.share, inquiries.talkers], [0.2, UNKNOWN]);
  await inquiries.ask({ ...VIEW, panel: "talkers", dimension: "rule" });
  assertEquals(asked.splice(0).toSorted(), [
    "/api/failures?range=5m",
    "/api/talkers?range=1h&by=rule&order=bytes&limit=100",
  ]);
  assertEquals(
    JSON.stringify(inquiries.talkers.answer),
    JSON.stringify(TALKERS),
  );
  await inquiries.ask({ ...VIEW, panel: "errors", range: "24h" });
  assertEquals(asked.toSorted(), [
    "/api/closed?filter=-result%3Dok+-result%3Dcut+-result%3Ddropped&limit=20",
    "/api/failures?range=24h",
    "/api/failures?range=5m",
  ]);
  // The answer to another question is not shown for this one.
  assertEquals(inquiries.talkers, UNKNOWN);
});

Deno.test("Inquiries.ask() runs one request at a time, then the newest", async () => {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { asked, client, server } = startApi(() => {
    arrived.resolve();
    return gate.promise;
  });
  await using _server = server;
  const inquiries = new Inquiries(client);
  const view = { ...VIEW };
  const first = inquiries.ask(view);
  await arrived.promise;
  for (const panel of ["errors", "talkers"] as const) {
    view.panel = panel;
    await inquiries.ask(view);
  }
  assertEquals(asked, ["/api/failures?range=5m"]);
  gate.resolve();
  await first;
  assertEquals(asked.slice(1).toSorted(), [
    "/api/failures?range=5m",
    "/api/talkers?range=1h&by=user&order=bytes&limit=100",
  ]);
});

Deno.test("Inquiries.ask() stores the reason of a failure", async () => {
  await using server = startHttp(() =>
    Response.json(
      { error: { code: "not_found", message: "No such thing" } },
      { status: 404 },
    )
  );
  const client = new AdminClient(parseAdminAddress([`${server.addr.port}`]), {
    token: undefined,
    timeout: 5_000,
  });
  const inquiries = new Inquiries(client);
  await inquiries.ask({ ...VIEW, panel: "errors" });
  assertEquals(inquiries.failures, {
    answer: undefined,
    fault: "No such thing",
  });
  assertEquals(inquiries.share, undefined);
});
