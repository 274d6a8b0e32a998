import { assert, assertEquals } from "@std/assert";
import { openTls } from "../../../lib/serve/tls/open.ts";
import { ECHO_OPTIONS } from "../../../lib/echo/options.ts";
import { startEcho } from "../../../lib/echo/start.ts";
import { startHub } from "../../../lib/hub/start.ts";
import { HUB_OPTIONS } from "../../../lib/hub/options.ts";
import { defaultSettings } from "../../../lib/cli/settings.ts";
import { startTls } from "../../../lib/net/tls/start.ts";
import type { Connection } from "../../../lib/net/connection.ts";
import {
  makeTestAuthority,
  type TestAuthority,
} from "../../support/certificates.ts";
import { eventually } from "../../support/dialogue.ts";
import { sluiceAll } from "../../support/sluice_commands.ts";
import { readExactly, within, writeAll } from "../../support/sockets.ts";
import { mutualTls, serverTls } from "../../support/tls_proxy.ts";

const ANYWHERE = { host: "127.0.0.1", port: 0 };

async function connectTo(
  { alice, authority }: TestAuthority,
  port: number,
): Promise<Connection> {
  return await startTls(await Deno.connect({ port }), {
    host: "localhost",
    verify: () => Promise.resolve(),
    authorities: authority.certificate,
    ...alice,
  });
}

Deno.test("connect speaks TLS, verifies the target, and shows a certificate", async () => {
  await using authority = await makeTestAuthority();
  const { tls } = await openTls(mutualTls(authority), { log: () => {} });
  const echo = await startEcho({
    ...defaultSettings(ECHO_OPTIONS),
    ...{ mode: "echo", listen: ANYWHERE, tls },
  });
  const { port } = echo.listeners[0]!.addr;
  const verified = `--upstream-ca=${authority.path("ca.crt")}`;
  const shown = [
    `--upstream-cert=${authority.path("alice.crt")}`,
    `--upstream-key=${authority.path("alice.key")}`,
  ];
  const cases: [string[], number, string][] = [
    [["--tls", verified, ...shown, `localhost:${port}`], 0, ""],
    [
      ["--tls", "--insecure", ...shown, `localhost:${port}`],
      0,
      "does not verify",
    ],
    [["--tls", ...shown, `localhost:${port}`], 1, ""],
    [["--tls", verified, ...shown, `127.0.0.2:${port}`], 1, ""],
    [[verified, `localhost:${port}`], 2, "no upstream or parent uses TLS"],
    [["--tls", "--udp", `localhost:${port}`], 2, "TLS wants a stream"],
  ];
  const answers = await sluiceAll(
    cases.map(([args]) => ({ args: ["connect", ...args], stdin: "hello" })),
  );
  for (const [at, [, code, why]] of cases.entries()) {
    const result = answers[at]!;
    assertEquals(result.code, code, result.stderr);
    assertEquals(result.text, code === 0 ? "hello" : "");
    assert(result.stderr.includes(why), result.stderr);
  }
  await echo.shutdown(0);
});

Deno.test("startHub() carries messages between clients that speak TLS, and shows its page", async () => {
  await using authority = await makeTestAuthority();
  const { tls } = await openTls(serverTls(authority), { log: () => {} });
  const hub = await startHub({
    ...defaultSettings(HUB_OPTIONS),
    ...{ listen: [ANYWHERE], web: [ANYWHERE], tls },
  });
  const [tcp, web] = hub.listeners.map(({ addr }) => addr.port);
  using one = await connectTo(authority, tcp!);
  using two = await connectTo(authority, tcp!);
  assert(await eventually(() => hub.clients() === 2));
  await writeAll(one, "hello\n");
  const heard = await within(5_000, readExactly(two, 6));
  assertEquals(new TextDecoder().decode(heard), "hello\n");
  using page = await connectTo(authority, web!);
  await writeAll(page, `GET / HTTP/1.1\r\nHost: localhost:${web}\r\n\r\n`);
  const head = await within(5_000, readExactly(page, 15));
  assertEquals(new TextDecoder().decode(head), "HTTP/1.1 200 OK");
  await hub.shutdown(0);
});
