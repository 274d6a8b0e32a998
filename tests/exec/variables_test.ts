import { assertEquals, assertMatch } from "@std/assert";
import { proxyVariables } from "../../lib/exec/variables.ts";

Deno.test("proxyVariables() names one proxy in every spelling", () => {
  const set = proxyVariables(
    1080,
    (name) => name === "JAVA_TOOL_OPTIONS" ? "-Xmx1g" : undefined,
  );
  const url = "http://127.0.0.1:1080";
  for (
    const name of [
      "http_proxy",
      "HTTP_PROXY",
      "https_proxy",
      "HTTPS_PROXY",
      "all_proxy",
      "ALL_PROXY",
      "npm_config_proxy",
      "npm_config_https_proxy",
      "PIP_PROXY",
      "CARGO_HTTP_PROXY",
    ]
  ) assertEquals(set[name], url, name);
  assertEquals([set["no_proxy"], set["NO_PROXY"]], ["", ""]);
  assertEquals(set["NODE_USE_ENV_PROXY"], "1");
  assertEquals(
    set["JAVA_TOOL_OPTIONS"],
    "-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=1080 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=1080 -Dhttp.nonProxyHosts=",
  );
});

Deno.test("proxyVariables() leaves git its own way to SSH", () => {
  const set = proxyVariables(1080, () => undefined);
  assertMatch(
    set["GIT_SSH_COMMAND"]!,
    /^ssh -o 'ProxyCommand=.* connect --quiet --via http:\/\/127\.0\.0\.1:1080 %h:%p'$/,
  );
  for (const own of ["GIT_SSH", "GIT_SSH_COMMAND"]) {
    const kept = proxyVariables(
      1080,
      (name) => name === own ? "ssh -i key" : undefined,
    );
    assertEquals(kept["GIT_SSH_COMMAND"], undefined);
  }
});
