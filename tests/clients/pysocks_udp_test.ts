import { assertEquals } from "@std/assert";
import { onlyConnection, run, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { startUdp } from "../support/udp.ts";

/** Arguments: the proxy's port, host and port of the target, user, password. */
const SCRIPT = `
import socket, socks, sys
proxy, host, port, user, password = sys.argv[1:]
client = socks.socksocket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(10)
client.set_proxy(socks.SOCKS5, "127.0.0.1", int(proxy), rdns=True,
                 username=user or None, password=password or None)
for size in (0, 1, 1472, 60000):
    client.sendto(b"x" * size, (host, int(port)))
    data, origin = client.recvfrom(65535)
    print(len(data), origin[0], origin[1] == int(port))
client.close()
`;

for (const user of ["", "alice"]) {
  const how = user === "" ? "without credentials" : "as a user";
  testPrograms({
    name: `PySocks exchanges datagrams by name ${how}`,
    needs: ["python3-socks"],
    async fn({ "python3-socks": python }) {
      await using echo = startUdp();
      await using proxy = await startTestProxy({
        users: user === "" ? [] : [{ name: user, password: "secret" }],
      });
      const ports = [`${proxy.addr.port}`, "localhost", `${echo.addr.port}`];
      const args = ["-c", SCRIPT, ...ports, user, user && "secret"];
      const { text, stderr } = await run(python, args);
      const lines = [0, 1, 1472, 60_000].map((n) => `${n} 127.0.0.1 True\n`);
      assertEquals(text, lines.join(""), stderr);
      const { result, sent, received, datagrams } = await onlyConnection(proxy);
      assertEquals([result, sent, received], ["ok", 61_473, 61_473]);
      assertEquals(datagrams, { sent: 4, received: 4, dropped: 0 });
    },
  });
}
