import { assertEquals } from "@std/assert";
import { proxyVariables } from "../../lib/exec/variables.ts";

Deno.test("proxyVariables() names one proxy in every spelling", () => {
  const set = proxyVariables(1080, "-Xmx1g");
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
