import { assert, assertEquals, assertRejects } from "@std/assert";
import { TlsError } from "../../../lib/net/tls/tls_error.ts";
import { openUpstreamTls } from "../../../lib/serve/tls/open_upstream.ts";
import { StartError } from "../../../lib/cli/usage_error.ts";
import type { LogEvent } from "../../../lib/observe/log_event.ts";
import { makeTestAuthority } from "../../support/certificates.ts";
import { startTlsProxy } from "../../support/tls_proxy.ts";

Deno.test("openUpstreamTls() uses the current contents of its files", async () => {
  await using server = await startTlsProxy();
  const { authority, proxy } = server;
  const { path } = authority;
  const { start, files: [files] } = await openUpstreamTls({
    certificates: [{
      certificate: path("alice.crt"),
      key: path("alice.key"),
    }],
    authorities: path("ca.crt"),
  }, () => {});
  {
    using connection = await proxy.connect();
    using _client = await start(connection, { host: "localhost" });
  }
  await using other = await makeTestAuthority();
  await authority.write("ca.crt", other.authority.certificate);
  await files!.reload();
  using connection = await proxy.connect();
  await assertRejects(
    () => start(connection, { host: "localhost" }),
    TlsError,
    "certificate is not accepted",
  );
});

Deno.test("openUpstreamTls() says at every start that nothing is verified", async () => {
  const events: LogEvent[] = [];
  await openUpstreamTls(
    { certificates: [], isInsecure: true },
    (event) => events.push(event),
  );
  const [event] = events;
  assertEquals(events.length, 1);
  assert(event?.event === "message" && event.level === "warning");
  assert(event.message.startsWith("--insecure: Sluice does not verify"));
});

Deno.test("openUpstreamTls() does not start with the key of another certificate", async () => {
  await using authority = await makeTestAuthority();
  const { path } = authority;
  await assertRejects(
    () =>
      openUpstreamTls({
        certificates: [{
          certificate: path("alice.crt"),
          key: path("server.key"),
        }],
      }, () => {}),
    StartError,
    "the key belongs to another certificate",
  );
});

Deno.test("openUpstreamTls() does not start with a certificate that is not for clients", async () => {
  await using authority = await makeTestAuthority();
  const { path } = authority;
  for (
    const [name, missing] of [
      ["server", "its extendedKeyUsage is serverAuth and lacks clientAuth"],
      [
        "ca",
        "its keyUsage is keyCertSign, cRLSign and lacks digitalSignature: it is an authority's, which signs certificates",
      ],
    ]
  ) {
    const certificate = path(`${name}.crt`);
    const { message } = await assertRejects(() =>
      openUpstreamTls({
        certificates: [{ certificate, key: path(`${name}.key`) }],
      }, () => {}), StartError);
    assertEquals(
      message,
      `Cannot use the TLS files: ${certificate}: the certificate is not for clients: ${missing}`,
    );
  }
});
