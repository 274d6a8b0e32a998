import { assertEquals, assertMatch } from "@std/assert";
import {
  makeFolder,
  run,
  startHttp,
  testPrograms,
} from "../support/programs.ts";
import { Sluice } from "../support/sluice.ts";
import { sluice } from "../support/sluice_commands.ts";

const PASSWORD = "pä:ss wörd";

testPrograms({
  name:
    "curl -U gets in with a password out of a file that passwd has made, also when it is asked first, and is banned without",
  needs: ["curl"],
  async fn({ curl }) {
    await using folder = await makeFolder();
    const path = `${folder.path}/users.txt`;
    const { text: line } = await sluice(["passwd", "Zoë"], {
      stdin: `${PASSWORD}\nand more`,
    });
    assertMatch(
      line,
      /^Zoë:\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}\n$/,
    );
    await Deno.writeTextFile(path, `# users\n${line}`, { mode: 0o600 });
    await using server = startHttp(() => new Response("page"));
    await using proxy = new Sluice(
      ...["--users", path, "--user", "alice:secret", "--ban-after", "4"],
    );
    const port = await proxy.port();

    // A tunnel that it was asked for credentials for first.
    const asked = await run(curl, [
      ...["-q", "-sS", "-v", "-p", "-x", `http://127.0.0.1:${port}`],
      ...["--proxy-anyauth", "-U", "alice:secret", "-w", "%{http_code}"],
      `http://127.0.0.1:${server.addr.port}/`,
    ]);
    assertEquals(asked.text, "page200");
    assertMatch(asked.stderr, /< HTTP\/1\.1 407 [^]*< HTTP\/1\.1 200 Conn/);

    function get(scheme: string, login: string) {
      return run(curl, [
        ...["-q", "-sS", "-x", `${scheme}://127.0.0.1:${port}`, "-U", login],
        ...["-w", "%{http_code}", `http://127.0.0.1:${server.addr.port}/`],
      ]);
    }

    for (const scheme of ["socks5h", "http", "socks5", "http"]) {
      const right = await get(scheme, `Zoë:${PASSWORD}`);
      assertEquals([right.text, right.stderr], ["page200", ""]);
    }
    for (const login of [`Zoë:${PASSWORD}x`, `zoë:${PASSWORD}`]) {
      const socks = await get("socks5h", login);
      assertEquals([socks.code, socks.text], [97, "000"]);
      const http = await get("http", login);
      assertEquals(http.text, "Wrong user name or password\n407");
    }
    await proxy.line(/banned {2}127\.0\.0\.1 for 1m: 4 failures in 2m$/);
    const http = await get("http", `Zoë:${PASSWORD}`);
    assertMatch(http.text, /^Client is banned for (60|59|58) s\n429$/);
    assertEquals((await get("socks5h", `Zoë:${PASSWORD}`)).code, 97);
  },
});
