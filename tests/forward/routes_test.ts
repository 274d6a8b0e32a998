import { assertEquals, assertThrows } from "@std/assert";
import { parseRoutes, parseSniRoutes } from "../../lib/forward/routes.ts";

const upstream = (port: number) => ({
  endpoint: { host: "127.0.0.1", port },
  isTls: false,
  weight: 1,
  isBackup: false,
});

Deno.test("parseRoutes() reads a listener and its upstreams", () => {
  const listen = { host: "127.0.0.1", port: 8848 };
  assertEquals(parseRoutes(["127.0.0.1:8848", "127.0.0.1:8849"]), [
    { listen, upstreams: [upstream(8849)] },
  ]);
  assertEquals(parseRoutes(["8848", "1", "2,weight=3", "3,backup"]), [{
    listen,
    upstreams: [
      upstream(1),
      { ...upstream(2), weight: 3 },
      { ...upstream(3), isBackup: true },
    ],
  }]);
  const unix = parseRoutes(["unix:/a", "unix:/b,backup,weight=1000"]);
  assertEquals<unknown>(unix, [{
    listen: { path: "/a" },
    upstreams: [{
      endpoint: { path: "/b" },
      isTls: false,
      weight: 1000,
      isBackup: true,
    }],
  }]);
  const shared = { listen: { path: "/a", mode: 0o660 } };
  for (const words of [["unix:/a,mode=660", "1"], ["unix:/a,mode=660=1"]]) {
    assertEquals<unknown>(parseRoutes(words), [{
      ...shared,
      upstreams: [upstream(1)],
    }]);
  }
  assertEquals<unknown>(parseRoutes([":80", "a.example:80"])[0]!.listen, {
    host: "",
    port: 80,
  });
});

Deno.test("parseRoutes() reads pairs, and joins those of one listener", () => {
  const routes = parseRoutes(["1=11", "2=21,weight=2", "1=12"]);
  assertEquals(routes, [
    {
      listen: { host: "127.0.0.1", port: 1 },
      upstreams: [upstream(11), upstream(12)],
    },
    {
      listen: { host: "127.0.0.1", port: 2 },
      upstreams: [{ ...upstream(21), weight: 2 }],
    },
  ]);
});

Deno.test("parseRoutes() says what is wrong", () => {
  const cases = [
    [[], "LISTEN and UPSTREAM are missing"],
    [["1", "tls://unix:/a"], "TLS needs a host"],
    [["1", "tls://"], "port '' is not"],
    [["1=2", "3"], "'3' is not LISTEN=UPSTREAM"],
    [["1=2", "3,weight=1"], "'3,weight=1' is not LISTEN=UPSTREAM"],
    [["1", "x"], "'x' has no port"],
    [["1", "a b:80"], "is not allowed in a name"],
    [["1", "a:0"], "'a:0' has port 0"],
    [["1", "2,weight=0"], "'weight=0' is neither"],
    [["1", "2,weight=1001"], "'weight=1001' is neither"],
    [["1", "2,weight=x"], "'weight=x' is neither"],
    [["1", "2,spare"], "'spare' is neither"],
    [["1", "2,"], "'' is neither"],
    [["1", "2", "127.0.0.1:2,weight=3"], "'127.0.0.1:2' is given twice"],
  ] as const;
  for (const [words, why] of cases) {
    assertThrows(() => parseRoutes(words), SyntaxError, why);
  }
});

Deno.test("parseRoutes() reads upstreams with TLS, and a listener alone", () => {
  const [route] = parseRoutes(["1", "tls://a.example:443,weight=2"]);
  assertEquals(route!.upstreams, [{
    endpoint: { host: "a.example", port: 443 },
    isTls: true,
    weight: 2,
    isBackup: false,
  }]);
  assertEquals(parseRoutes(["1"])[0]!.upstreams, []);
});

Deno.test("parseSniRoutes() reads names and their upstreams", () => {
  const names = parseSniRoutes([
    "A.example.=1",
    "*.b.example=2,weight=3",
    "a.example=3,backup",
  ]);
  assertEquals([...names], [
    ["a.example", [upstream(1), { ...upstream(3), isBackup: true }]],
    ["*.b.example", [{ ...upstream(2), weight: 3 }]],
  ]);
  const cases = [
    ["a.example", "'a.example' is not NAME=UPSTREAM"],
    ["=1", "name is empty"],
    ["127.0.0.1=1", "is an address"],
    ["a b=1", "is not allowed in a name"],
    ["*.=1", "name is empty"],
    ["a.*=1", "is not allowed in a name"],
    ["a.example=x", "'x' has no port"],
  ] as const;
  for (const [text, why] of cases) {
    assertThrows(() => parseSniRoutes([text]), SyntaxError, why);
  }
  assertThrows(
    () => parseSniRoutes(["a.example=1", "a.example=1"]),
    SyntaxError,
    "is given twice",
  );
});
