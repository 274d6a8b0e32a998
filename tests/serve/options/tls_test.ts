import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseOptions } from "../../../lib/cli/parse_options.ts";
import { requireEffect } from "../../../lib/cli/requirements.ts";
import { TLS_OPTIONS, tlsConfig } from "../../../lib/serve/options/tls.ts";
import {
  UPSTREAM_TLS_OPTIONS,
  upstreamTlsConfig,
} from "../../../lib/serve/options/upstream_tls.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";

async function config(line: string) {
  const options = await parseOptions(line.split(" "), TLS_OPTIONS);
  requireEffect(options);
  return tlsConfig(options);
}

async function upstream(line: string) {
  const args = line.split(" ").filter(Boolean);
  const options = await parseOptions(args, UPSTREAM_TLS_OPTIONS);
  requireEffect(options);
  return upstreamTlsConfig(options);
}

Deno.test("tlsConfig() takes pairs, authorities and lists", async () => {
  assertEquals(tlsConfig(await parseOptions([], TLS_OPTIONS)), undefined);
  assertEquals(
    await config("--tls-cert a --tls-key b --tls-cert c --tls-key d"),
    {
      certificates: [
        { certificate: "a", key: "b" },
        { certificate: "c", key: "d" },
      ],
      authorities: undefined,
      isOptional: false,
      revocationLists: undefined,
    },
  );
  assertEquals(
    await config(
      "--tls-cert a --tls-key b --tls-client-ca c --tls-client-auth request --tls-crl d",
    ),
    {
      certificates: [{ certificate: "a", key: "b" }],
      authorities: "c",
      isOptional: true,
      revocationLists: "d",
    },
  );
});

Deno.test("tlsConfig() refuses what does not go together", async () => {
  const cases: Record<string, string> = {
    "--tls-cert a": "Option --tls-cert: needs --tls-key",
    "--tls-key a": "Option --tls-key: needs --tls-cert",
    "--tls-cert a --tls-cert b --tls-key c":
      "Option --tls-cert: each needs a --tls-key, but there are 2 certificates and 1 key",
    "--tls-client-ca a": "Option --tls-client-ca: needs --tls-cert",
    "--tls-cert a --tls-key b --tls-crl c":
      "Option --tls-crl: needs --tls-client-ca",
    "--tls-cert a --tls-key b --tls-client-auth require":
      "Option --tls-client-auth: needs --tls-client-ca",
  };
  for (const [line, message] of Object.entries(cases)) {
    await assertRejects(() => config(line), UsageError, message);
  }
  assertThrows(
    () => TLS_OPTIONS["tls-client-auth"].parse(["maybe"]),
    SyntaxError,
    "'maybe' is neither require nor request",
  );
});

Deno.test("upstreamTlsConfig() takes what goes together", async () => {
  assertEquals(await upstream(""), {
    certificates: [],
    authorities: undefined,
    name: undefined,
    isInsecure: false,
  });
  assertEquals(
    await upstream(
      "--upstream-ca a --upstream-cert b --upstream-key c --upstream-name d",
    ),
    {
      certificates: [{ certificate: "b", key: "c" }],
      authorities: "a",
      name: "d",
      isInsecure: false,
    },
  );
  for (
    const line of [
      "--upstream-cert a",
      "--upstream-key a",
      "--insecure --upstream-ca a",
      "--upstream-name -a-",
    ]
  ) {
    await assertRejects(() => upstream(line), UsageError);
  }
});
