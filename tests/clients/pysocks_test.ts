import { assertEquals, assertMatch } from "@std/assert";
import { onlyConnection, run, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { closedPort, startEcho } from "../support/sockets.ts";

/** Arguments: the proxy's port, host and port of the target, user, password. */
const SCRIPT = `
import socket, socks, sys
proxy, host, port, user, password = sys.argv[1:]
client = socks.socksocket()
client.settimeout(10)
client.set_proxy(socks.SOCKS5, "127.0.0.1", int(proxy), rdns=True,
                 username=user or None, password=password or None)
client.connect((host, int(port)))
client.sendall(b"question")
client.shutdown(socket.SHUT_WR)
while chunk := client.recv(4096):
    print(chunk.decode(), end="")
client.close()
`;

testPrograms({
  name: "PySocks asks by name and reads the answer after its half-close",
  needs: ["python3-socks"],
  async fn({ "python3-socks": python }) {
    await using echo = startEcho();
    await using proxy = await startTestProxy({
      users: [{ name: "alice", password: "secret" }],
    });
    const ports = [`${proxy.addr.port}`, "localhost", `${echo.addr.port}`];
    const args = ["-c", SCRIPT, ...ports, "alice", "secret"];
    const { text, stderr } = await run(python, args);
    assertEquals(text, "question", stderr);
    const { target, user, endedFirst, result } = await onlyConnection(proxy);
    assertEquals(target, `localhost:${echo.addr.port}`);
    assertEquals([user, endedFirst, result], ["alice", "client", "ok"]);
  },
});

testPrograms({
  name: "PySocks raises 0x05 when a port refuses",
  needs: ["python3-socks"],
  async fn({ "python3-socks": python }) {
    await using proxy = await startTestProxy();
    const ports = [`${proxy.addr.port}`, "127.0.0.1", `${closedPort()}`];
    const args = ["-c", SCRIPT, ...ports, "", ""];
    const { code, stderr } = await run(python, args);
    assertEquals(code, 1);
    assertMatch(stderr, /0x05: Connection refused/);
    const { result } = await onlyConnection(proxy);
    assertEquals(result, "failed");
  },
});
