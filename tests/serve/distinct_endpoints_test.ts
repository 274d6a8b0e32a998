import { assertEquals, assertThrows } from "@std/assert";
import { requireDistinctEndpoints } from "../../lib/serve/distinct_endpoints.ts";
import { FORWARD_OPTIONS } from "../../lib/forward/options.ts";
import { HUB_OPTIONS } from "../../lib/hub/options.ts";
import type { OptionTable } from "../../lib/cli/option.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const TWICE: [table: OptionTable, line: string, message: string][] = [
  [
    PROXY_OPTIONS,
    "--listen 1080 --listen 127.0.0.1:1080",
    "Option --listen: 127.0.0.1:1080 is given twice; give it once",
  ],
  [
    PROXY_OPTIONS,
    "--listen 1080 --listen :1080",
    "Option --listen: :1080 is already taken by --listen 127.0.0.1:1080; give another port",
  ],
  [
    PROXY_OPTIONS,
    "--admin 1080",
    "Option --admin: 127.0.0.1:1080 is already taken by --listen 127.0.0.1:1080; give another port",
  ],
  [
    PROXY_OPTIONS,
    "--listen unix:a --listen unix:a,mode=666",
    "Option --listen: unix:a is given twice; give it once",
  ],
  [
    HUB_OPTIONS,
    "7000 7000",
    "Argument [LISTEN…]: 127.0.0.1:7000 is given twice; give it once",
  ],
  [
    HUB_OPTIONS,
    "7000 --ws 0.0.0.0:7000",
    "Option --ws: 0.0.0.0:7000 is already taken by LISTEN 127.0.0.1:7000; give another port",
  ],
  [
    FORWARD_OPTIONS,
    ":80=a:1 127.0.0.1:80=b:1",
    "Argument LISTEN UPSTREAM…: 127.0.0.1:80 is already taken by LISTEN :80; give another port",
  ],
];

Deno.test("requireDistinctEndpoints() refuses an endpoint that is named twice", async () => {
  for (const [table, line, message] of TWICE) {
    const values = await parseOptions(line.split(" "), table);
    const error = assertThrows(
      () => requireDistinctEndpoints(values),
      UsageError,
    );
    assertEquals(error.message, message);
  }
});

Deno.test("requireDistinctEndpoints() accepts endpoints that can listen side by side", async () => {
  const lines: [table: OptionTable, line: string][] = [
    [PROXY_OPTIONS, "--listen 0 --listen 0 --admin 0"],
    [PROXY_OPTIONS, "--listen 1080 --listen [::1]:1080"],
    [PROXY_OPTIONS, "--listen 0.0.0.0:1080 --listen [::1]:1080"],
    [PROXY_OPTIONS, "--listen 127.0.0.1:1080 --listen 127.0.0.2:1080"],
    [FORWARD_OPTIONS, ":80=a:1 :80=b:1"],
    [HUB_OPTIONS, "unix:a unix:b --ws unix:c"],
  ];
  for (const [table, line] of lines) {
    requireDistinctEndpoints(await parseOptions(line.split(" "), table));
  }
});
