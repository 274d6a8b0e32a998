import { assert, assertEquals, assertMatch } from "@std/assert";

const ROOT = `${import.meta.dirname}/../..`;

const isLinux = Deno.build.os === "linux";

interface Ended {
  code: number;
  text: string;
}

async function soak(
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}/scripts/soak.ts`, ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = [stdout, stderr]
    .map((part) => new TextDecoder().decode(part)).join("");
  return { code, text };
}

Deno.test({
  name: "soak finds that the proxy does not grow",
  ignore: !isLinux,
  async fn() {
    const size = ["--connections=300", "--stages=3", "--tunnels=20"];
    const { code, text } = await soak([...size, "--", "--admin=127.0.0.1:0"]);
    assertEquals(code, 0, text);
    assert(text.includes("\n| 20 tunnels opened |"), text);
    assert(text.includes("\nNothing has grown."), text);
  },
});

Deno.test({
  name: "soak fails when memory, descriptors and timers leak",
  ignore: !isLinux,
  async fn() {
    const program = `${ROOT}/tests/scripts/leaky_proxy.ts`;
    const size = ["--connections=450", "--stages=3", "--tunnels=0"];
    // This also tries the load that machines without a compiler get.
    const env = { CC: "/nowhere/cc" };
    const { code, text } = await soak([...size, "--program", program], env);
    assertEquals(code, 1, text);
    assertMatch(text, /^FAILED: heap, KB: from \d+ to \d+/m);
    assertMatch(text, /^FAILED: descriptors: from \d+ to \d+/m);
    assertMatch(text, /^FAILED: timers: from \d+ to \d+/m);
    assert(!text.includes("did not get"), text);
    assert(!text.includes("tunnels opened"), text);
  },
});

Deno.test("soak says what is wrong with an option", async () => {
  const { code, text } = await soak(["--connections", "many"]);
  assertEquals(code, 2, text);
  assertMatch(text, /^soak: Option --connections: /);
});

Deno.test("soak says in one line that the proxy ended", async () => {
  const program = ["--program", "/nowhere/proxy.ts"];
  const { code, text } = await soak(program, { CC: "/nowhere/cc" });
  assertEquals(code, 3, text);
  assertMatch(text, /^soak: The proxy ended with exit code 1\n$/m);
  assert(!text.includes("    at "), text);
});
