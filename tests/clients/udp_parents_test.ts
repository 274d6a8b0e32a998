import { assertEquals } from "@std/assert";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";
import { type Parent, parseParent } from "../../lib/wire/parent_url.ts";
import { eventually } from "../support/dialogue.ts";
import { address, among, startNameServer } from "../support/name_server.ts";
import { makeFolder, testPrograms } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { closedPort } from "../support/sockets.ts";
import { Sluice } from "../support/sluice.ts";

// Outside of all tests: what it loads stays loaded.
prepareCLibrary();

/**
 * A DNS client of PySocks. Arguments: the proxy's port, the name server's port,
 * and how many questions to ask; the parents die before the second half. It asks
 * for a new association when its connection has ended.
 */
const SCRIPT = `
import socket, socks, struct, sys
proxy, server, count = map(int, sys.argv[1:])

def open_client():
    client = socks.socksocket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(10)
    client.set_proxy(socks.SOCKS5, "127.0.0.1", proxy, rdns=True)
    client.bind(("", 0))
    return client

def ask(client, number):
    head = struct.pack(">6H", number, 0x100, 1, 0, 0, 0)
    question = b"\\x03www\\x04test\\x00" + struct.pack(">2H", 1, 1)
    client.sendto(head + question, ("127.0.0.1", server))
    answer, origin = client.recvfrom(65535)
    assert struct.unpack(">H", answer[:2])[0] == number
    assert answer[-4:] == bytes([192, 0, 2, 7]), answer
    assert origin[1] == server

client = open_client()
for number in range(count):
    ask(client, number)
print("half", flush=True)
sys.stdin.readline()
# The end of the control connection says that the association is over.
control = client._proxyconn
control.settimeout(10)
assert control.recv(1) == b""
client = open_client()
for number in range(count):
    ask(client, number)
print("done", flush=True)
`;

async function startDante(
  path: string,
  setsid: string,
): Promise<AsyncDisposable & { port: number }> {
  const folder = await makeFolder();
  const port = closedPort();
  const config = `${folder.path}/danted.conf`;
  await Deno.writeTextFile(
    config,
    `logoutput: /dev/null
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: root
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect udpassociate }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 command: bindreply udpreply }
`,
  );
  const child = new Deno.Command(setsid, {
    args: [path, "-f", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const isUp = () =>
    Deno.connect({ port }).then((conn) => (conn.close(), true), () => false);
  if (!await eventually(isUp)) throw new Error("Dante does not listen");
  let isOver = false;
  return {
    port,
    async [Symbol.asyncDispose]() {
      if (isOver) return;
      isOver = true;
      // Its children would go on with the connections that they have.
      Deno.kill(-child.pid, "SIGKILL");
      await child.status;
      await folder[Symbol.asyncDispose]();
    },
  };
}

testPrograms({
  name: "a DNS client of PySocks survives the death of its parents",
  needs: ["danted", "python3-socks", "setsid"],
  async fn({ danted, "python3-socks": python, setsid }, context) {
    await using spareDante = await startDante(danted, setsid);
    const listen = ["proxy", "--listen", "127.0.0.1:0"];
    await using sluice = new Sluice(...listen);
    await using spareSluice = new Sluice(...listen);
    const [first, spare] = [await sluice.port(), await spareSluice.port()];
    for (const order of ["Dante behind Sluice", "Sluice behind Dante"]) {
      await context.step(order, async () => {
        await using dante = await startDante(danted, setsid);
        const chain = (ports: number[]) =>
          (order.startsWith("Dante") ? ports.toReversed() : ports)
            .map((port) => parseParent(`socks5h://127.0.0.1:${port}`));
        await survive(python, dante, [
          chain([dante.port, first]),
          chain([spareDante.port, spare]),
        ]);
      });
    }
  },
});

/** Kills Dante when the client has half of its answers. */
async function survive(
  python: string,
  dante: AsyncDisposable,
  via: Parent[][],
): Promise<void> {
  const records = [address("www.test", "192.0.2.7")];
  await using names = startNameServer(among(records));
  await using proxy = await startTestProxy({ parents: { via } });
  const child = new Deno.Command(python, {
    args: [
      "-c",
      SCRIPT,
      `${proxy.addr.port}`,
      `${names.server.port}`,
      "25",
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  let text = "";
  const errors = new Response(child.stderr).text();
  for await (const piece of output) {
    text += piece;
    if (text !== "half\n") continue;
    await dante[Symbol.asyncDispose]();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    await writer.close();
  }
  assertEquals(text, "half\ndone\n", await errors);
  await child.status;
  assertEquals(names.asked.length, 50);
  const ended = await proxy.whenEnded(2);
  assertEquals(ended.map(({ result }) => result), ["cut", "ok"]);
  for (const { datagrams } of ended) {
    assertEquals(datagrams, { sent: 25, received: 25, dropped: 0 });
  }
}
