import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { shellExec } from "../support/exec.ts";
import { makeFolder, runOk, testPrograms } from "../support/programs.ts";
import { makeKeys, sshOptions, startSshd } from "../support/sshd.ts";
import { startStandIn } from "./stand_in.ts";

async function sha(algorithm: string, bytes: Uint8Array<ArrayBuffer>) {
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
}

function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Files of a folder by their paths in it. */
function* filesIn(folder: string): Generator<string> {
  for (const { isDirectory, name } of Deno.readDirSync(folder)) {
    if (!isDirectory) yield name;
    else {for (const below of filesIn(`${folder}/${name}`)) {
        yield `${name}/${below}`;
      }}
  }
}

testPrograms({
  name: "sluice exec lets curl reach what is allowed",
  needs: ["fence", "curl"],
  async fn({ curl }) {
    await using server = await startStandIn("curl.test");
    server.served["/"] = "served";
    const words = [curl, "-sS", "--cacert", server.ca];
    const { code, stderr, stdout } = await server.run([
      ...words,
      `${server.origin}/`,
    ]);
    assertEquals([code, stdout], [0, "served"], stderr);
    const other = await server.run([...words, "https://other.test/"]);
    assertEquals(other.code, 3, other.stderr);
    // It asks for an allowed host, and greets another one there.
    const lie = `lie.test:443:${server.authority}`;
    const lying = await server.run([
      ...[...words, "--connect-to", lie, "https://lie.test/"],
    ]);
    assertEquals(lying.code, 3, lying.stderr);
    assertMatch(lying.stderr, /curl\.test .* denied +name-mismatch: lie\.test/);
  },
});

testPrograms({
  name: "sluice exec lets Python's urllib reach what is allowed",
  needs: ["fence", "python3"],
  async fn({ python3 }) {
    await using server = await startStandIn("python.test");
    server.served["/"] = "served";
    const script =
      `import urllib.request; print(urllib.request.urlopen("${server.origin}/").read().decode())`;
    const { code, stderr, stdout } = await server.run(
      [python3, "-c", script],
      { SSL_CERT_FILE: server.ca },
    );
    assertEquals([code, stdout], [0, "served\n"], stderr);
  },
});

testPrograms({
  name: "sluice exec lets git clone over HTTPS",
  needs: ["fence", "git"],
  async fn({ git }) {
    await using server = await startStandIn("git.test");
    const { home, origin, served } = server;
    const env = {
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@a",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@a",
    };
    const bare = `${home}/bare.git`;
    const work = ["-C", `${home}/tree`];
    await runOk(git, ["init", "-q", "-b", "main", `${home}/tree`], { env });
    await Deno.writeTextFile(`${home}/tree/file`, "cloned\n");
    await runOk(git, [...work, "add", "."], { env });
    await runOk(git, [...work, "commit", "-qm", "first"], { env });
    await runOk(git, ["clone", "-q", "--bare", `${home}/tree`, bare], { env });
    await runOk(git, ["-C", bare, "update-server-info"], { env });
    for (const path of filesIn(bare)) {
      served[`/repo.git/${path}`] = await Deno.readFile(`${bare}/${path}`);
    }
    const { code, stderr } = await server.run(
      [git, "clone", "-q", `${origin}/repo.git`, "copy"],
      { ...env, GIT_SSL_CAINFO: server.ca },
    );
    assertEquals(code, 0, stderr);
    assertEquals(
      await Deno.readTextFile(`${home}/copy/file`),
      "cloned\n",
    );
  },
});

testPrograms({
  name: "sluice exec lets npm ci fetch its packages",
  needs: ["fence", "npm"],
  async fn({ npm }) {
    await using server = await startStandIn("npm.test");
    const { home, origin, served } = server;
    await Deno.mkdir(`${home}/package`);
    await Deno.writeTextFile(
      `${home}/package/package.json`,
      JSON.stringify({ name: "dep", version: "1.0.0", main: "index.js" }),
    );
    await Deno.writeTextFile(`${home}/package/index.js`, "exports.a = 1;\n");
    await runOk("tar", ["-czf", `${home}/dep.tgz`, "-C", home, "package"]);
    const tarball = await Deno.readFile(`${home}/dep.tgz`);
    served["/dep/-/dep-1.0.0.tgz"] = tarball;
    const integrity = `sha512-${encodeBase64(await sha("SHA-512", tarball))}`;
    const resolved = `${origin}/dep/-/dep-1.0.0.tgz`;
    const root = {
      name: "app",
      version: "1.0.0",
      dependencies: { dep: "1.0.0" },
    };
    await Deno.mkdir(`${home}/app`);
    await Deno.writeTextFile(`${home}/app/package.json`, JSON.stringify(root));
    await Deno.writeTextFile(
      `${home}/app/package-lock.json`,
      JSON.stringify({
        ...{ name: "app", version: "1.0.0", lockfileVersion: 3 },
        packages: {
          "": root,
          "node_modules/dep": { version: "1.0.0", resolved, integrity },
        },
      }),
    );
    const { code, stderr } = await server.run(
      [npm, "ci", "--no-audit", "--no-fund", "--registry", `${origin}/`],
      { npm_config_cafile: server.ca, npm_config_update_notifier: "false" },
      `${home}/app`,
    );
    assertEquals(code, 0, stderr);
    await Deno.stat(`${home}/app/node_modules/dep/index.js`);
  },
});

testPrograms({
  name: "sluice exec lets pip install a wheel",
  needs: ["fence", "pip"],
  async fn({ pip }) {
    await using server = await startStandIn("pip.test");
    const { home, origin, served } = server;
    const wheel = "dep-1.0-py3-none-any.whl";
    const script = `import zipfile
z = zipfile.ZipFile("${home}/${wheel}", "w")
z.writestr("dep.py", "a = 1\\n")
z.writestr("dep-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: dep\\nVersion: 1.0\\n")
z.writestr("dep-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr("dep-1.0.dist-info/RECORD", "dep.py,,\\ndep-1.0.dist-info/METADATA,,\\ndep-1.0.dist-info/WHEEL,,\\ndep-1.0.dist-info/RECORD,,\\n")
z.close()`;
    await runOk(pip, ["-c", script]);
    served[`/${wheel}`] = await Deno.readFile(`${home}/${wheel}`);
    served["/simple/dep/"] = `<a href="/${wheel}">${wheel}</a>`;
    const { code, stderr } = await server.run([
      ...[pip, "-m", "pip", "install", "--disable-pip-version-check"],
      ...["--index-url", `${origin}/simple/`, "--cert", server.ca],
      ...["--no-input", "--no-compile", "--no-deps"],
      ...["--target", `${home}/out`, "dep"],
    ], {
      PIP_CONFIG_FILE: "/dev/null",
      PIP_NO_CACHE_DIR: "1",
      REQUESTS_CA_BUNDLE: server.ca,
    });
    assertEquals(code, 0, stderr);
    await Deno.stat(`${home}/out/dep.py`);
  },
});

testPrograms({
  name: "sluice exec lets Node's fetch reach what is allowed",
  needs: ["fence", "node"],
  async fn({ node }) {
    await using server = await startStandIn("node.test");
    server.served["/"] = "served";
    const script =
      `fetch("${server.origin}/").then((r) => r.text()).then(console.log)`;
    const { code, stderr, stdout } = await server.run(
      [node, "-e", script],
      { NODE_EXTRA_CA_CERTS: server.ca },
    );
    assertEquals([code, stdout], [0, "served\n"], stderr);
  },
});

testPrograms({
  name: "sluice exec lets Java reach what is allowed",
  needs: ["fence", "java"],
  async fn({ java }) {
    await using server = await startStandIn("java.test");
    const { home } = server;
    server.served["/"] = "served";
    // One compiler and one thread for garbage: the program ends soon.
    const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
    await Deno.writeTextFile(
      `${home}/Ask.java`,
      `public class Ask {
  static void trust(String path) throws Exception {
    var store = java.security.KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (var file = new java.io.FileInputStream(path)) {
      var read = java.security.cert.CertificateFactory.getInstance("X.509");
      store.setCertificateEntry("ca", read.generateCertificate(file));
    }
    var trust = javax.net.ssl.TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    var context = javax.net.ssl.SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    javax.net.ssl.SSLContext.setDefault(context);
  }
  public static void main(String[] args) throws Exception {
    trust(args[1]);
    var stream = new java.net.URL(args[0]).openStream();
    System.out.println(new String(stream.readAllBytes()));
    var client = java.net.http.HttpClient.newBuilder().proxy(java.net.ProxySelector.getDefault()).build();
    var request = java.net.http.HttpRequest.newBuilder(java.net.URI.create(args[0])).build();
    System.out.println(client.send(request, java.net.http.HttpResponse.BodyHandlers.ofString()).body());
  }
}
`,
    );
    const { code, stderr, stdout } = await server.run([
      ...[java, ...quick, `${home}/Ask.java`],
      ...[`${server.origin}/`, server.ca],
    ]);
    assertEquals([code, stdout], [0, "served\nserved\n"], stderr);
  },
});

testPrograms({
  name: "sluice exec lets Go look for modules",
  needs: ["fence", "go"],
  async fn({ go }) {
    await using server = await startStandIn("go.test");
    const { home, origin, served } = server;
    served["/example.com/dep/@v/list"] = "v1.0.0\n";
    served["/example.com/dep/@v/v1.0.0.info"] =
      '{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}';
    served["/example.com/dep/@v/v1.0.0.mod"] = "module example.com/dep\n";
    const { code, stderr, stdout } = await server.run(
      [go, "list", "-m", "-versions", "example.com/dep"],
      {
        ...{ GOPROXY: origin, GONOSUMDB: "*", GOFLAGS: "-mod=mod" },
        ...{ GOPATH: `${home}/go`, GOCACHE: `${home}/cache` },
        SSL_CERT_FILE: server.ca,
      },
    );
    assertEquals(
      [code, stdout],
      [0, "example.com/dep v1.0.0\n"],
      stderr,
    );
  },
});

testPrograms({
  name: "sluice exec lets Cargo resolve its crates",
  needs: ["fence", "cargo"],
  async fn({ cargo }) {
    await using server = await startStandIn("cargo.test");
    const { home, origin, served } = server;
    served["/config.json"] = JSON.stringify({ dl: `${origin}/dl` });
    served["/3/d/dep"] = `${
      JSON.stringify({
        ...{ name: "dep", vers: "1.0.0", deps: [], features: {} },
        ...{
          cksum: hex(await sha("SHA-256", new Uint8Array())),
          yanked: false,
        },
      })
    }\n`;
    await Deno.mkdir(`${home}/app/src`, { recursive: true });
    await Deno.writeTextFile(`${home}/app/src/lib.rs`, "");
    await Deno.writeTextFile(
      `${home}/app/Cargo.toml`,
      '[package]\nname = "app"\nversion = "1.0.0"\n[dependencies]\ndep = { version = "1", registry = "test" }\n',
    );
    const { code, stderr } = await server.run(
      [cargo, "generate-lockfile"],
      {
        CARGO_HOME: `${home}/cargo`,
        CARGO_REGISTRIES_TEST_INDEX: `sparse+${origin}/`,
        CARGO_HTTP_CAINFO: server.ca,
        ...rustup(),
      },
      `${home}/app`,
    );
    assertEquals(code, 0, stderr);
    const lock = await Deno.readTextFile(`${home}/app/Cargo.lock`);
    assertStringIncludes(lock, 'name = "dep"');
  },
});

/** Where rustup has its compilers, which it looks for in the user's folder. */
function rustup(): Record<string, string> {
  const home = Deno.env.get("RUSTUP_HOME") ?? `${Deno.env.get("HOME")}/.rustup`;
  return { RUSTUP_HOME: home };
}

testPrograms({
  name: "sluice exec lets git fetch over SSH, and ssh by a forwarded port",
  needs: ["fence", "git", "ssh", "ssh-keygen", "sshd"],
  async fn({ git, ssh, sshd, "ssh-keygen": sshKeygen }) {
    await using folder = await makeFolder();
    const { path } = folder;
    await makeKeys(sshKeygen, path);
    await using server = startSshd(sshd, `${path}/sshd_config`);
    const { port } = server.addr;
    await runOk(git, ["init", "-q", "--bare", `${path}/bare.git`]);
    const words = sshOptions(path, server, "none");
    const options = words.flatMap((word, index) =>
      word === "-o" && !/^(?:Port|ProxyCommand)=/.test(words[index + 1]!)
        ? [words[index + 1]!.replace("=", " ")]
        : []
    );
    await Deno.writeTextFile(`${path}/config`, `${options.join("\n")}\n`);
    // What Sluice sets is 'ssh -o …': this one has the test's keys as well.
    await Deno.mkdir(`${path}/bin`);
    await Deno.writeTextFile(
      `${path}/bin/ssh`,
      `#!/bin/sh\nexec ${ssh} -F ${path}/config "$@"\n`,
      { mode: 0o755 },
    );
    const { code, stderr, stdout } = await shellExec(
      `export PATH=${path}/bin:$PATH
ssh -T -p 2222 127.0.0.1 echo forwarded &&
git ls-remote ssh://127.0.0.1:${port}${path}/bare.git && echo fetched`,
      [
        ...["--allow", `localhost:${port}`, "--fail-on-denied"],
        ...["--forward", `2222=localhost:${port}`],
        // SSH shows no name.
        ...["--rule", `allow to 127.0.0.1 port ${port} any-protocol`],
      ],
      // From source, what git starts is Deno, which would look for a new one.
      { env: { DENO_NO_UPDATE_CHECK: "1" } },
    );
    assertEquals([code, stdout], [0, "forwarded\nfetched\n"], stderr);
  },
});
