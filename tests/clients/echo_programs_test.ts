import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "../support/dialogue.ts";
import {
  makeFolder,
  run,
  type RunResult,
  testPrograms,
} from "../support/programs.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { sluice } from "../support/sluice_commands.ts";
import { closedPort, within } from "../support/sockets.ts";

const DATA = new Uint8Array(3_000_000).map((_, n) =>
  Math.imul(n, 0x9e3779b1) >>> 24
);

function assertSame(bytes: Uint8Array, more: string): void {
  assertEquals(bytes.length, DATA.length, more);
  assertEquals(bytes.every((byte, index) => byte === DATA[index]), true);
}

testPrograms({
  name: "ncat and socat get from echo what they sent",
  needs: ["ncat", "socat"],
  async fn({ ncat, socat }) {
    await using echo = await startTestEcho({ udp: true });
    const port = `${echo.port}`;
    const options = { stdin: DATA };
    const first = await run(ncat, ["127.0.0.1", port], options);
    assertSame(first.stdout, first.stderr);
    const address = `TCP:127.0.0.1:${port}`;
    const second = await run(socat, ["-t", "10", "-", address], options);
    assertSame(second.stdout, second.stderr);
    const records = await within(5_000, echo.whenEnded(2));
    for (const { sent, received, result } of records) {
      assertEquals([sent, received, result], [DATA.length, DATA.length, "ok"]);
    }
    const third = await run(
      socat,
      ["-t", "0.3", "-", `UDP:127.0.0.1:${port}`],
      { stdin: "hello" },
    );
    assertEquals(third.text, "hello");
  },
});

testPrograms({
  name: "connect talks with socat over TCP, UDP, IPv6 and a Unix socket",
  needs: ["socat"],
  async fn({ socat }) {
    await using folder = await makeFolder();
    const path = `${folder.path}/socket`;
    const port = closedPort();
    const cases = [
      { server: `TCP-LISTEN:${port},bind=127.0.0.1`, args: [`${port}`] },
      {
        server: `TCP6-LISTEN:${port},bind=[::1],ipv6only=1`,
        args: ["-6", `[::1]:${port}`],
      },
      { server: `UNIX-LISTEN:${path}`, args: [`unix:${path}`] },
      {
        server: `UDP-LISTEN:${port},bind=127.0.0.1`,
        args: ["--udp", "--half-close-timeout", "500ms", `${port}`],
      },
    ];
    for (const { server, args } of cases) {
      // It says on standard error when it listens.
      await using child = new Deno.Command(socat, {
        args: ["-d", "-d", server, "EXEC:cat"],
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const reader = child.stderr.pipeThrough(new TextDecoderStream())
        .getReader();
      let log = "";
      const isUdp = args.includes("--udp");
      while (!log.includes(isUdp ? "UDP" : "listening on")) {
        const { value, done } = await within(5_000, reader.read());
        if (done) throw new Error(log);
        log += value;
      }
      const stdin = isUdp ? "hello" : DATA;
      const { stdout, text, code, stderr } = await sluice(
        ["connect", ...args],
        { stdin },
      );
      await reader.cancel();
      if (isUdp) assertEquals(text, "hello");
      else assertSame(stdout, stderr);
      assertEquals(code, 0, stderr);
      if (isUdp) child.kill();
      await child.status;
    }
  },
});

testPrograms({
  name: "connect returns 1 where the target is killed in the middle",
  needs: ["ncat"],
  async fn({ ncat }) {
    const port = closedPort();
    // It takes a little of what is sent, and dies with the rest unread.
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        `exec ${ncat} -l 127.0.0.1 ${port} --sh-exec 'head -c 1000; kill -9 $PPID; sleep 1'`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let result: RunResult | undefined;
    const isServed = async () => {
      result = await sluice(["connect", `${port}`], { stdin: DATA });
      return !/connection refused/.test(result.stderr); // Not yet listening.
    };
    assert(await eventually(isServed), "ncat does not listen");
    assertEquals(result!.code, 1);
    assertMatch(
      result!.stderr,
      /^sluice: Connection to .* was cut: connection /,
    );
    await child.status;
  },
});
