import { assertEquals } from "@std/assert";
import { type Bytes, pattern, sha256 } from "../support/dialogue.ts";
import { run, startHttp, testPrograms } from "../support/programs.ts";
import { startTestProxy, type TestProxy } from "../support/proxy.ts";
import { within } from "../support/sockets.ts";
import { openAssociation, startUdp } from "../support/udp.ts";

/** How often each client is there at the same time. */
const TIMES = 3;

/** Bytes that each of them fetches. */
const SIZE = 500_000;

/** Bytes of a datagram; a divisor of the size. */
const DATAGRAM = 10_000;

const WGET = "/usr/bin/wget";
const PYTHON = "/usr/bin/python3";

/** Arguments: the proxy's port, host and port of the target, path. */
const PYSOCKS = `
import socks, sys
proxy, host, port, path = sys.argv[1:]
client = socks.socksocket()
client.settimeout(20)
client.set_proxy(socks.SOCKS5, "127.0.0.1", int(proxy), rdns=True)
client.connect((host, int(port)))
client.sendall(f"GET {path} HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n".encode())
answer = b""
while chunk := client.recv(65536):
    answer += chunk
client.close()
sys.stdout.buffer.write(answer.partition(b"\\r\\n\\r\\n")[2])
`;

/** A way to fetch a page through the proxy. */
interface Client {
  name: string;
  /** What it is logged as. */
  protocol: string;
  /** Fetches what has a path. */
  fetch(place: Place, path: string): Promise<Bytes>;
}

/** Where everything is. */
interface Place {
  proxy: TestProxy;
  /** Port of the web server. */
  port: number;
  /** Waits until all of the clients have got through. */
  meet: () => Promise<void>;
}

const PATTERN = pattern(SIZE + 1_000);

/** The bytes of one client, different from those of every other. */
function bytesOf(id: number): Bytes {
  return PATTERN.subarray(id, id + SIZE);
}

async function output(
  path: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Bytes> {
  const { code, stdout, stderr } = await run(path, args, { env });
  assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}

function curl(
  program: string,
  protocol: string,
  how: string[],
  host = "127.0.0.1",
): Client {
  return {
    name: `curl ${how.join(" ")}`,
    protocol,
    fetch({ proxy, port }, path) {
      const [last, ...options] = how.toReversed();
      return output(program, [
        ...["-q", "-sS", "-f", ...options],
        ...[last!, `127.0.0.1:${proxy.addr.port}`],
        `http://${host}:${port}${path}`,
      ]);
    },
  };
}

const wget: Client = {
  name: "wget",
  protocol: "http",
  fetch({ proxy, port }, path) {
    return output(
      WGET,
      ["--no-config", "-q", "--tries=1", "-O", "-", `127.0.0.1:${port}${path}`],
      { http_proxy: `http://127.0.0.1:${proxy.addr.port}` },
    );
  },
};

const pysocks: Client = {
  name: "PySocks",
  protocol: "socks5",
  fetch({ proxy, port }, path) {
    const ports = [`${proxy.addr.port}`, "localhost", `${port}`];
    return output(PYTHON, ["-c", PYSOCKS, ...ports, path]);
  },
};

/** Has its bytes sent back, one datagram after the other. */
const udp: Client = {
  name: "UDP ASSOCIATE",
  protocol: "socks5",
  async fetch({ meet, proxy }, path) {
    // Of its own: a shared one could lose what several send it at once.
    await using echo = startUdp();
    using association = await openAssociation(proxy);
    await meet();
    const bytes = bytesOf(Number(path.slice(1)));
    const result = new Uint8Array(SIZE);
    for (let at = 0; at < SIZE; at += DATAGRAM) {
      await association.send(bytes.subarray(at, at + DATAGRAM), echo.addr);
      result.set((await association.receive()).payload, at);
    }
    return result;
  },
};

function succeeds(path: string, ...args: string[]): boolean {
  try {
    const silent = { stdout: "null", stderr: "null" } as const;
    return new Deno.Command(path, { args, ...silent }).outputSync().success;
  } catch {
    return false;
  }
}

/** All that this machine has. */
function findClients(program: string): Client[] {
  return [
    curl(program, "socks4", ["--socks4"]),
    curl(program, "socks4a", ["--socks4a"], "localhost"),
    curl(program, "socks5", ["--socks5"]),
    curl(program, "socks5", ["--socks5-hostname"], "localhost"),
    curl(program, "http", ["-x"]),
    curl(program, "http-connect", ["--proxytunnel", "-x"], "localhost"),
    udp,
    ...succeeds(WGET, "--version") ? [wget] : [],
    ...succeeds(PYTHON, "-c", "import socks") ? [pysocks] : [],
  ];
}

/** Settles for everyone when the last of so many has come. */
function meeting(count: number): () => Promise<void> {
  const all = Promise.withResolvers<void>();
  return () => {
    if (--count === 0) all.resolve();
    return within(20_000, all.promise);
  };
}

testPrograms({
  name: "startProxy() serves every protocol on one port when all come at once",
  needs: ["curl"],
  async fn({ curl: program }) {
    const clients = findClients(program)
      .flatMap((client) => Array.from({ length: TIMES }, () => client));
    const meet = meeting(clients.length);
    // Nobody is answered before all have reached their target.
    await using server = startHttp(async ({ url }) => {
      await meet();
      return new Response(bytesOf(Number(new URL(url).pathname.slice(1))));
    });
    await using proxy = await startTestProxy();
    const { port } = server.addr;
    const place: Place = { proxy, port, meet };
    const results = await Promise.allSettled(
      clients.map(async (client, id) => {
        const bytes = await client.fetch(place, `/${id}`);
        assertEquals(bytes.length, SIZE);
        assertEquals(await sha256(bytes), await sha256(bytesOf(id)));
      }),
    );
    const failures = results.flatMap((result, id) =>
      result.status === "rejected"
        ? [`${clients[id]!.name}: ${result.reason}`]
        : []
    );
    assertEquals(failures, []);
    const ended = await within(10_000, proxy.whenEnded(clients.length));
    const logged = ended.map(({ protocol, result }) => `${protocol} ${result}`);
    const expected = clients.map(({ protocol }) => `${protocol} ok`);
    assertEquals(logged.sort(), expected.sort());
    const protocols = ["http", "http-connect", "socks4", "socks4a", "socks5"];
    assertEquals(
      [...new Set(ended.map(({ protocol }) => protocol))].sort(),
      protocols,
    );
  },
});
