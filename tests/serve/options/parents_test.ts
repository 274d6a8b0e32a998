import { assertEquals, assertRejects } from "@std/assert";
import {
  ACCEPT_PROXY_OPTIONS,
  acceptProxyOf,
} from "../../../lib/serve/options/accept_proxy.ts";
import { PARENT_OPTIONS } from "../../../lib/serve/options/parents.ts";
import { parseOptions } from "../../../lib/cli/parse_options.ts";
import { requireEffect } from "../../../lib/cli/requirements.ts";
import { SEND_PROXY_OPTIONS } from "../../../lib/serve/options/send_proxy.ts";
import { settingsOf } from "../../../lib/cli/settings.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { parseParent } from "../../../lib/wire/parent_url.ts";

const TABLE = {
  ...PARENT_OPTIONS,
  ...ACCEPT_PROXY_OPTIONS,
  ...SEND_PROXY_OPTIONS,
};

Deno.test("PARENT_OPTIONS read chains, alternatives and names", async () => {
  Deno.env.set("SLUICE_TEST_PARENT", "http://alice:s3cret@c");
  const options = await parseOptions([
    "--via=socks5://a,http://b",
    "--via=env:SLUICE_TEST_PARENT",
    "--parent=tor=socks5h://d:9050",
    "--parent=tor=socks5h://e:9050",
    "--via-balance=random",
  ], TABLE);
  Deno.env.delete("SLUICE_TEST_PARENT");
  assertEquals(settingsOf(TABLE, options).parents, {
    via: [
      [parseParent("socks5://a"), parseParent("http://b")],
      [parseParent("http://alice:s3cret@c")],
    ],
    named: [
      { name: "tor", parents: [parseParent("socks5h://d:9050")] },
      { name: "tor", parents: [parseParent("socks5h://e:9050")] },
    ],
    method: "random",
  });
});

Deno.test("PARENT_OPTIONS and their neighbours say what is wrong, without passwords", async () => {
  const cases = [
    ["--via=a:1080", "a parent has no scheme"],
    ["--via=socks5://a,", "a parent has no scheme"],
    [`--via=${Array(9).fill("socks5://a").join()}`, "a chain has 9 parents"],
    ["--via=https://a,https://b", "a chain can have only one https parent"],
    ["--via=env:SLUICE_TEST_UNSET", "env:SLUICE_TEST_UNSET is not set"],
    ["--via=socks5://u:hunter2@", "'' is not HOST:PORT"],
    ["--parent=socks5://u:hunter2@a", "a parent is not NAME=URL"],
    [
      "--parent=direct=socks5://a",
      "'direct' is reserved: in rules it means no parent",
    ],
    ["--via-balance=best", "'best' is not one of first, "],
    ["--accept-proxy=maybe", "'maybe' is neither required nor optional"],
    ["--accept-proxy-from=10.0.0.1/8", "10.0.0.1/8"],
    ["--send-proxy=v3", "'v3' is neither v1 nor v2"],
  ];
  for (const [argument, why] of cases) {
    const error = await assertRejects(
      () => parseOptions([argument!], TABLE),
      UsageError,
      why,
    );
    assertEquals(error.message.includes("hunter2"), false);
  }
});

Deno.test("acceptProxyOf() wants to know whose headers count", async () => {
  const cases = [
    ["--accept-proxy=required", "needs --accept-proxy-from"],
    ["--accept-proxy-from=10.0.0.0/8", "needs --accept-proxy"],
  ];
  for (const [argument, why] of cases) {
    const options = await parseOptions([argument!], TABLE);
    await assertRejects(
      () =>
        Promise.try(() => {
          requireEffect(options);
          acceptProxyOf(options);
        }),
      UsageError,
      why,
    );
  }
  const options = await parseOptions([
    "--accept-proxy=optional",
    "--accept-proxy-from=10.0.0.0/8,::1/128",
    "--accept-proxy-from=127.0.0.1",
  ], TABLE);
  const { isRequired, from } = acceptProxyOf(options)!;
  assertEquals([isRequired, from.length], [false, 3]);
  assertEquals(acceptProxyOf(await parseOptions([], TABLE)), undefined);
});
