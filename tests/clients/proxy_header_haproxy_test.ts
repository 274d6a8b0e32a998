import { assertEquals } from "@std/assert";
import { PROXY_VERSIONS } from "../../lib/serve/proxy_header.ts";
import { parseIpRange } from "../../lib/wire/ip_range.ts";
import { startTestForward, upstreamAt } from "../support/forward.ts";
import { startHaproxy, startHaproxyRelay } from "../support/haproxy.ts";
import { runOk, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";

/** It says what it was told of its client, and whom that has connected to. */
const TELLING = {
  bind: "accept-proxy",
  answer: "%[src]:%[src_port] %[dst]:%[dst_port]",
};

/** It says at the end which port it has come from. */
const CURL = ["-sS", "--interface", "127.0.0.2", "-w", " %{local_port}"];

function assertTold(said: string, reached: number): void {
  const [from, to, port] = said.split(" ");
  assertEquals([from, to], [`127.0.0.2:${port}`, `127.0.0.1:${reached}`]);
}

/** HAProxy's words for the versions. */
const SENDS = ["send-proxy", "send-proxy-v2"];

const CASES = SENDS.flatMap((send) =>
  PROXY_VERSIONS.map((sendProxy) => ({ send, sendProxy }))
);

for (const { send, sendProxy } of CASES) {
  const acceptProxy = { isRequired: true, from: [parseIpRange("127.0.0.1")] };

  testPrograms({
    name:
      `forward() between two HAProxys passes on both ends, ${send} to ${sendProxy}`,
    needs: ["haproxy", "curl"],
    async fn({ haproxy, curl }) {
      await using behind = await startHaproxy(haproxy, TELLING);
      await using forward = await startTestForward([upstreamAt(behind)], {
        acceptProxy,
        sendProxy,
      });
      await using before = await startHaproxyRelay(haproxy, {
        to: forward.addr,
        send,
      });
      const url = `http://127.0.0.1:${before.port}/`;
      const said = await runOk(curl, [...CURL, url]);
      assertTold(said, before.port);
    },
  });

  testPrograms({
    name:
      `the proxy between two HAProxys passes on both ends, ${send} to ${sendProxy}`,
    needs: ["haproxy", "curl"],
    async fn({ haproxy, curl }) {
      await using behind = await startHaproxy(haproxy, TELLING);
      await using proxy = await startTestProxy({ acceptProxy, sendProxy });
      await using before = await startHaproxyRelay(haproxy, {
        to: proxy.addr,
        send,
      });
      const said = await runOk(curl, [
        ...[...CURL, "-x", `socks5h://127.0.0.1:${before.port}`],
        `http://127.0.0.1:${behind.port}/`,
      ]);
      assertTold(said, before.port);
    },
  });
}
