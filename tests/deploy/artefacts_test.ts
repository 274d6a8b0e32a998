/**
 * Tests what a release has for Linux, with a program that is compiled here.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TextLineStream } from "@std/streams";
import project from "../../deno.json" with { type: "json" };
import { socksConnect } from "../../lib/library/socks.ts";
import { processTree } from "../../scripts/bench/process_tree.ts";
import { packageDeb } from "../../scripts/package_deb.ts";
import { startTestEcho } from "../support/echo_server.ts";
import { makeFolder, run, runOk, testPrograms } from "../support/programs.ts";
import { PATIENCE } from "../support/running_program.ts";
import { within } from "../support/sockets.ts";

const SCRIPTS = new URL("../../scripts/", import.meta.url).pathname;

/** Mounts and a change of the root need it, and nothing installs it. */
const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

const folder = Deno.makeTempDirSync({ prefix: "sluice-test-" });
Deno.chmodSync(folder, 0o755);
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

let compiling: Promise<string> | undefined;

/** Compiles the program, once for all tests; returns its path. */
function compiled(denort: string): Promise<string> {
  return compiling ??= (async () => {
    const program = `${folder}/sluice`;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${SCRIPTS}compile.ts`, `--output=${program}`],
      env: denort.endsWith(".zip") ? {} : { DENORT_BIN: denort },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return program;
  })();
}

if (isRoot) {
  testPrograms({
    name:
      "the compiled program carries bytes with only its libraries, read-only, without a home and privileges",
    needs: ["denort", "unshare"],
    async fn({ denort }) {
      const program = await compiled(denort);
      await using root = await makeFolder();
      await Deno.chmod(root.path, 0o755);
      await using echo = await startTestEcho();
      const child = new Deno.Command(`${SCRIPTS}deploy/try_image.sh`, {
        args: [program],
        env: { IMAGE_ROOT: root.path, TRY: "--listen 127.0.0.1:0" },
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const lines = child.stderr.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream());
      const output: string[] = [];
      for await (const line of lines) {
        output.push(line);
        const [, proxy] = /Listening on (\S+)/.exec(line) ?? [];
        if (proxy === undefined) continue;
        using conn = await within(
          PATIENCE,
          socksConnect(`socks5://${proxy}`, `127.0.0.1:${echo.port}`),
        );
        await conn.write(new TextEncoder().encode("hello"));
        const answer = new Uint8Array(5);
        await within(PATIENCE, conn.read(answer));
        assertEquals(new TextDecoder().decode(answer), "hello");
        const pid = processTree(child.pid).at(-1)!;
        const status = await Deno.readTextFile(`/proc/${pid}/status`);
        assert(/^Uid:\t65532\t/m.test(status), status);
        Deno.kill(pid, "SIGTERM");
      }
      const { code } = await within(PATIENCE, child.status);
      assertEquals(code, 0, output.join("\n"));
    },
  });

  testPrograms({
    name:
      "try_deb.sh installs a package, starts its service, removes and purges it",
    needs: ["denort", "dpkg-deb", "ip", "unshare"],
    async fn({ denort }) {
      const program = await compiled(denort);
      const path = await packageDeb({
        program,
        output: folder,
        compression: "none",
      });
      const said = await runOk(`${SCRIPTS}deploy/try_deb.sh`, [path], {
        timeLimit: 4 * PATIENCE,
      });
      assertStringIncludes(said, `sluice ${project.version}\n`);
      assertStringIncludes(said, "Installed, started, removed and purged\n");
    },
  });

  testPrograms({
    name: "buildah makes an image of the Dockerfile and a compiled program",
    needs: ["buildah", "denort"],
    async fn({ buildah, denort }) {
      const program = await compiled(denort);
      await using work = await makeFolder();
      const root = `${work.path}/build/image`;
      await runOk(`${SCRIPTS}deploy/image_root.sh`, [program, root]);
      const where = ["--storage-driver", "vfs"];
      for (const name of ["root", "runroot"]) {
        where.push(`--${name}`, `${work.path}/${name}`);
      }
      await runOk(buildah, [
        ...[...where, "build", "--isolation", "chroot", "--format", "docker"],
        ...["--build-context", `build=${work.path}/build`, "--tag", "sluice"],
        ...["--file", `${SCRIPTS}deploy/Dockerfile`, `${SCRIPTS}..`],
      ], { timeLimit: 4 * PATIENCE });
      const { Docker: { config } } = JSON.parse(
        await runOk(buildah, [...where, "inspect", "--type=image", "sluice"]),
      );
      assertEquals(config.User, "65532:65532");
      assertEquals(config.Entrypoint, ["/sluice"]);
      assertEquals(config.StopSignal, "SIGTERM");
      assertEquals(config.Healthcheck.Test.slice(0, 3), [
        "CMD",
        "/sluice",
        "connect",
      ]);
    },
  });
}

testPrograms({
  name: "lintian finds nothing in a package",
  needs: ["dpkg-deb", "lintian", "unshare"],
  async fn({ lintian, unshare: program }) {
    await using work = await makeFolder();
    const path = await packageDeb({ program, output: work.path });
    const { stderr, text } = await run(lintian, [path], {
      timeLimit: 2 * PATIENCE,
    });
    const faults = text.split("\n").filter((line) =>
      line !== "" &&
      // A release's variables name the maintainer. The program is a stand-in.
      !/bogus-mail-host|mismatched-override/.test(line)
    );
    assertEquals(faults, [], stderr);
  },
});

Deno.test("packageDeb() refuses what is no program for Linux", async () => {
  const program = new URL("../../LICENSE", import.meta.url).pathname;
  try {
    await packageDeb({ program, output: folder });
    assert(false, "It packs a licence.");
  } catch (error) {
    assert(error instanceof TypeError);
    assertEquals(
      error.message,
      `${program} is no program for Linux on x64 or arm64: compile one with 'deno task compile'`,
    );
  }
});
