import { assertEquals, assertStringIncludes } from "@std/assert";
import { pattern, sha256 } from "../support/dialogue.ts";
import { run, startHttp, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";

const PAGE = "through the proxy";
const USERS = [{ name: "alice", password: "se:cret" }];

/** What curl does, and what it prints then. */
const RUNS: { name: string; args: string[]; stdin?: string; text: string }[] = [
  { name: "GET", args: [], text: PAGE },
  { name: "POST by length", args: ["-d", "body"], text: "body" },
  {
    name: "a chunked upload from standard input",
    args: ["-T", "-"],
    stdin: "from stdin",
    text: "from stdin",
  },
  {
    name: "--expect100-timeout",
    args: ["-H", "Expect: 100-continue", "--expect100-timeout", "5", "-d", "x"],
    text: "x",
  },
  { name: "--proxytunnel", args: ["--proxytunnel"], text: PAGE },
  { name: "HTTP/1.0", args: ["-0"], text: PAGE },
];

for (const users of [[], USERS]) {
  const login = users.length === 0 ? [] : ["-U", "alice:se:cret"];
  for (const { name, args, stdin = "", text } of RUNS) {
    testPrograms({
      name: `curl -x http:// ${login.join(" ")} does ${name}`,
      needs: ["curl"],
      async fn({ curl }) {
        await using server = startHttp((request) =>
          new Response(request.body ?? PAGE)
        );
        await using proxy = await startTestProxy({ users });
        const result = await run(curl, [
          ...["-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`],
          ...[...login, ...args, `http://localhost:${server.addr.port}/`],
        ], { stdin });
        assertEquals(result.text, text, result.stderr);
      },
    });
  }
}

testPrograms({
  name: "curl -x http:// keeps its connection over several hosts",
  needs: ["curl"],
  async fn({ curl }) {
    await using a = startHttp(() => new Response("a"));
    await using b = startHttp(() => new Response("b"));
    await using proxy = await startTestProxy();
    const urls = [a, b, a, b].map((server) =>
      `http://127.0.0.1:${server.addr.port}/`
    );
    const { text, stderr } = await run(curl, [
      ...["-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`, ...urls],
      ...["-w", "%{num_connects}"],
    ]);
    assertEquals(text, "a1b0a0b0", stderr);
  },
});

testPrograms({
  name: "curl -x http:// -H Host: gets the page of the URL, whose Host it is",
  needs: ["curl"],
  async fn({ curl }) {
    await using server = startHttp(({ headers }) =>
      new Response(headers.get("host"))
    );
    await using proxy = await startTestProxy();
    const at = `127.0.0.1:${server.addr.port}`;
    const { text, stderr } = await run(curl, [
      ...["-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`],
      ...["-H", "Host: other.test", `http://${at}/`],
    ]);
    assertEquals(text, at, stderr);
  },
});

testPrograms({
  name: "curl -x http:// -I sees the length",
  needs: ["curl"],
  async fn({ curl }) {
    await using server = startHttp(() => new Response(PAGE));
    await using proxy = await startTestProxy();
    const { text, stderr } = await run(curl, [
      ...["-q", "-sS", "-I", "-x", `http://127.0.0.1:${proxy.addr.port}`],
      `http://127.0.0.1:${server.addr.port}/`,
    ]);
    assertStringIncludes(text, `Content-Length: ${PAGE.length}`, stderr);
  },
});

testPrograms({
  name: "curl -x http:// carries 10 MB each way",
  needs: ["curl"],
  async fn({ curl }) {
    await using server = startHttp(({ body }) => new Response(body));
    await using proxy = await startTestProxy();
    const body = pattern(10_000_000);
    const { stdout, stderr } = await run(curl, [
      ...["-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`, "-T", "-"],
      `http://127.0.0.1:${server.addr.port}/`,
    ], { stdin: body });
    assertEquals(await sha256(stdout), await sha256(body), stderr);
  },
});

for (
  const [name, url, status] of [
    ["a name is unknown", "http://nosuch.invalid/", "502"],
    ["a port refuses", "http://127.0.0.1:1/", "502"],
  ] as const
) {
  testPrograms({
    name: `curl -x http:// is told ${status} when ${name}`,
    needs: ["curl"],
    async fn({ curl }) {
      await using proxy = await startTestProxy();
      const { text } = await run(curl, [
        ...["-q", "-sS", "-x", `http://127.0.0.1:${proxy.addr.port}`],
        ...["-o", "/dev/null", "-w", "%{http_code}", url],
      ]);
      assertEquals(text, status);
    },
  });
}
