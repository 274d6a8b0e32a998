import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { openListener } from "../../lib/serve/open_listener.ts";
import { StartError } from "../../lib/cli/usage_error.ts";
import { HAS_IPV6 } from "../support/dialogue.ts";
import { sluice } from "../support/sluice_commands.ts";

/** For documentation (RFC 5737), so an address of no machine. */
const NOT_OURS = "203.0.113.1";

Deno.test("openListener() listens on the address", () => {
  for (const host of ["127.0.0.1", "0.0.0.0"]) {
    using listener = openListener({ host, port: 0 });
    const { hostname, port } = listener.addr as Deno.NetAddr;
    assertEquals(hostname, host);
    assert(port > 0);
  }
});

Deno.test("openListener() listens on a name of this machine", () => {
  using listener = openListener({ host: "localhost", port: 0 });
  const { hostname } = listener.addr as Deno.NetAddr;
  assert(["127.0.0.1", "::1"].includes(hostname), hostname);
});

Deno.test({
  name: "openListener() takes both families when the host is empty",
  ignore: !HAS_IPV6,
  async fn() {
    using listener = openListener({ host: "", port: 0 });
    const { hostname, port } = listener.addr as Deno.NetAddr;
    assertEquals(hostname, "::");
    for (const address of ["127.0.0.1", "::1"]) {
      using client = await Deno.connect({ hostname: address, port });
      using served = await listener.accept();
      assertEquals(
        (served.remoteAddr as Deno.NetAddr).port,
        (client.localAddr as Deno.NetAddr).port,
      );
    }
  },
});

Deno.test("openListener() says that the port is in use", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const error = assertThrows(
    () => openListener({ host: "127.0.0.1", port }),
    StartError,
  );
  assertEquals(
    error.message,
    `Cannot listen on 127.0.0.1:${port}: the port is in use; stop what uses it, or choose another`,
  );
  assert(error.cause instanceof Deno.errors.AddrInUse);
});

Deno.test("openListener() says that the port is in use on all addresses", () => {
  using taken = openListener({ host: "", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assertThrows(
    () => openListener({ host: "", port }),
    StartError,
    `Cannot listen on :${port}: the port is in use`,
  );
});

Deno.test("openListener() says whose the address is not", () => {
  const cases = [
    {
      host: NOT_OURS,
      message:
        `Cannot listen on ${NOT_OURS}:0: ${NOT_OURS} is not an address of this machine`,
    },
    {
      host: "no-such-name.invalid",
      message:
        "Cannot listen on no-such-name.invalid:0: 'no-such-name.invalid' is not an address or name of this machine",
    },
  ];
  for (const { host, message } of cases) {
    const error = assertThrows(
      () => openListener({ host, port: 0 }),
      StartError,
    );
    assertEquals(error.message, message);
  }
});

Deno.test({
  name: "openListener() says that Deno was not given the permission",
  permissions: { net: false },
  fn() {
    assertThrows(
      () => openListener({ host: "127.0.0.1", port: 0 }),
      StartError,
      "Cannot listen on 127.0.0.1:0: Deno was not given the permission",
    );
  },
});

const hasSetpriv = await hasProgram("setpriv");

Deno.test({
  name: `openListener() says that the port is privileged${
    hasSetpriv ? "" : " (ignored: needs setpriv)"
  }`,
  ignore: !hasSetpriv,
  async fn() {
    // Takes from root what others do not have.
    const right = "-net_bind_service";
    const { code, stderr } = await sluice(["--listen=127.0.0.1:80"], {
      prefix: [
        ...["setpriv", `--bounding-set=${right}`, `--inh-caps=${right}`],
      ],
    });
    assertMatch(
      stderr,
      /^sluice: Cannot listen on 127.0.0.1:80: port 80 is privileged; .*\n$/,
    );
    assertEquals(code, 1);
  },
});

async function hasProgram(name: string): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args: ["--version"] }).output())
      .success;
  } catch {
    return false;
  }
}
