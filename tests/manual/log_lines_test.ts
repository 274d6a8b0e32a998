import { assert, assertEquals } from "@std/assert";
import type { BanEvent } from "../../lib/observe/log_event.ts";
import { formatText } from "../../lib/observe/log_text.ts";
import { issue, makeTestAuthority, revoke } from "../support/certificates.ts";
import { blocksOf } from "../support/documents.ts";
import { readToEof } from "../support/dialogue.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { shapeOf } from "../support/line_shape.ts";
import { run, runOk, startHttp, testPrograms } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { Sluice } from "../support/sluice.ts";
import { within, writeAll } from "../support/sockets.ts";

/** Lines of the log in the documents. */
const SHOWN = blocksOf("log").flatMap(({ text, where }) =>
  text.trimEnd().split("\n").map((line) => ({ line, where }))
);

function portOf(server: { addr: Deno.Addr }): number {
  return (server.addr as Deno.NetAddr).port;
}

function unusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return portOf(listener);
}

/** Answers one request as an old server does, which closes first. */
async function answerOnce(listener: Deno.Listener): Promise<void> {
  using conn = await listener.accept();
  await conn.read(new Uint8Array(4096));
  const answer = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
  await conn.write(new TextEncoder().encode(answer));
}

/** A connection that ends well and one that does not, after the banner. */
async function proxyLines(curl: string): Promise<string[]> {
  using origin = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = answerOnce(origin);
  await using proxy = new Sluice();
  const via = ["-sS", "-x", `socks5h://127.0.0.1:${await proxy.port()}`];
  await runOk(curl, [...via, `http://localhost:${portOf(origin)}/`]);
  await served;
  await run(curl, [...via, `http://127.0.0.1:${unusedPort()}/`]);
  await proxy.line(/ ok /);
  await proxy.line(/ failed /);
  return proxy.lines;
}

/** Upstreams that are down, one of which comes up. */
async function upstreamLines(): Promise<string[]> {
  const ports = [unusedPort(), unusedPort()];
  await using relay = new Sluice(
    ...["forward", "--check-interval", "50ms", "--fall", "1", "--rise", "1"],
    ...["127.0.0.1:0", ...ports.map((port) => `127.0.0.1:${port}`)],
  );
  for (const port of ports) {
    await relay.line(new RegExp(`Upstream 127.0.0.1:${port} is down`));
  }
  using client = await relay.connect();
  await client.read(new Uint8Array(1)).catch(() => {});
  await relay.line(/No upstream is up/);
  using _listener = Deno.listen({ hostname: "127.0.0.1", port: ports[0]! });
  await relay.line(/is up again/);
  return relay.lines;
}

/** A pool that a client has taken a connection from. */
async function poolLines(): Promise<string[]> {
  await using echo = await startTestEcho();
  await using relay = new Sluice(
    ...["forward", "--pool", "ahead", "--pool-size", "2"],
    ...["127.0.0.1:0", `127.0.0.1:${echo.port}`],
  );
  using client = await relay.connect();
  await writeAll(client, [7]);
  await client.closeWrite();
  assertEquals(await within(PATIENCE, readToEof(client)), Uint8Array.of(7));
  await relay.line(/ ok /);
  relay.kill("SIGTERM");
  await relay.code();
  return relay.lines;
}

/** A client that TLS lets in, one that was revoked, one without certificate. */
async function tlsLines(curl: string): Promise<string[]> {
  await using all = await makeTestAuthority();
  const at = all.path;
  const bob = await issue({ name: "bob" }, all.authority);
  for (const [name, pair] of Object.entries({ alice: all.alice, bob })) {
    await all.write(`${name}.pem`, pair.certificate + pair.key);
  }
  await all.write("ca.crl", await revoke([bob], all.authority));
  await using origin = startHttp(() => new Response("It works\n"));
  await using proxy = new Sluice(
    ...["--listen", "127.0.0.1:0", "--tls-cert", at("server.crt")],
    ...["--tls-key", at("server.key"), "--tls-client-ca", at("ca.crt")],
    ...["--tls-crl", at("ca.crl")],
  );
  const via = ["-sS", "-x", `https://localhost:${await proxy.port()}`];
  const ask = (...args: string[]) =>
    run(curl, [
      ...[...via, "--proxy-cacert", at("ca.crt"), ...args],
      `http://127.0.0.1:${portOf(origin)}/`,
    ]);
  const { code, stderr } = await ask("--proxy-cert", at("alice.pem"));
  assertEquals(code, 0, stderr);
  await ask("--proxy-cert", at("bob.pem"));
  await ask();
  await proxy.line(/GET 200/);
  await proxy.line(/is revoked/);
  await proxy.line(/no certificate/);
  return proxy.lines;
}

function banLines(): string[] {
  const ban: BanEvent = {
    event: "ban",
    code: "client-banned",
    client: "192.0.2.1",
    duration: 60_000,
    failures: 10,
    window: 120_000,
  };
  return [ban, { ...ban, client: "2001:db8::/64", failures: 1, user: "alice" }]
    .map((event) => formatText(event, 0, { time: "clock", color: false }));
}

testPrograms({
  name: "every line of the log in the documents is one that the program prints",
  needs: ["curl"],
  async fn({ curl }) {
    const printed = await Promise.all([
      ...[proxyLines(curl), upstreamLines(), poolLines(), tlsLines(curl)],
      banLines(),
    ]);
    const shapes = new Set(printed.flat().map(shapeOf));
    for (const { line, where } of SHOWN) {
      const shape = shapeOf(line);
      assert(
        shapes.has(shape),
        `${where}: ${shape}\nis none of\n${[...shapes].join("\n")}`,
      );
    }
  },
});

Deno.test("lines of the log in the documents have their columns", () => {
  for (const { line, where } of SHOWN) {
    const [, label = "", rest = ""] =
      /^\d\d:\d\d:\d\d (\S+ +)(.*)$/.exec(line) ?? [];
    assertEquals(label.length, "refused ".length, `${where}: ${line}`);
    const client = /^(\S+@)?\d+(?:\.\d+){3}:\d+( *)(?= > | {2}\d)/.exec(rest);
    if (client !== null) assert(client[0].length >= 21, `${where}: ${line}`);
  }
});
