/**
 * Attempts to reach targets without the proxy, through sockets of every kind.
 *
 * @module
 */

import type { Escapes } from "./escapes.ts";

/** Constants of socket(2). */
const AF = { inet: 2, netlink: 16, packet: 17, alg: 38, vsock: 40, xdp: 44 };
const SOCK = { stream: 1, datagram: 2, raw: 3 };

const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  syscall: {
    parameters: ["isize", "usize", "usize", "usize", "usize", "usize"],
    result: "isize",
  },
} as const;

const IO_URING_SETUP = 425n;

function libc() {
  return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

async function hear(conn: Deno.Conn): Promise<string> {
  await conn.write(new TextEncoder().encode("hello\n"));
  const bytes = new Uint8Array(64);
  const count = await conn.read(bytes);
  conn.close();
  return new TextDecoder().decode(bytes.subarray(0, count ?? 0)).trim();
}

async function tcp(hostname: string, port: number): Promise<string> {
  return await hear(await Deno.connect({ hostname, port }));
}

async function udp(hostname: string, port: number): Promise<string> {
  const local = hostname.includes(":") ? "::" : "0.0.0.0";
  const socket = Deno.listenDatagram({
    ...{ transport: "udp", hostname: local, port: 0 },
  });
  await socket.send(new Uint8Array([1]), { transport: "udp", hostname, port });
  const [bytes] = await socket.receive();
  socket.close();
  return new TextDecoder().decode(bytes);
}

async function unix(path: string): Promise<string> {
  return await hear(await Deno.connect({ transport: "unix", path }));
}

async function firstOf(
  values: readonly string[],
  reach: (value: string) => Promise<string>,
): Promise<string> {
  return await Promise.any(values.map(reach));
}

/** Whether the system opens such a socket, which alone would be a way out. */
function opens(family: number, kind: number, protocol = 0): string | undefined {
  const { close, socket } = libc();
  const made = socket(family, kind, protocol);
  if (made < 0) return undefined;
  close(made);
  return `socket of family ${family}`;
}

/** Attempts through sockets. */
export const SOCKET_ESCAPES: Escapes = {
  "tcp to 127.0.0.1": ({ tcp: port }) => tcp("127.0.0.1", port),
  "tcp to 127.0.0.2": ({ tcp: port }) => tcp("127.0.0.2", port),
  "tcp to 0.0.0.0": ({ tcp: port }) => tcp("0.0.0.0", port),
  "tcp to ::1": ({ tcp: port }) => tcp("::1", port),
  "tcp to ::": ({ tcp: port }) => tcp("::", port),
  "tcp to mapped loopback": ({ tcp: port }) => tcp("::ffff:127.0.0.1", port),
  "tcp to own addresses": ({ own, tcp: port }) =>
    firstOf(own, (ip) => tcp(ip, port)),
  "tcp to localhost": ({ tcp: port }) => tcp("localhost", port),
  "tcp to the host's name": ({ tcp: port }) => tcp(Deno.hostname(), port),
  "tcp to the metadata address": () => tcp("169.254.169.254", 80),
  "tcp to a public address": () => tcp("1.1.1.1", 443),
  "tcp to a public IPv6 address": () => tcp("2606:4700:4700::1111", 443),
  "tcp to Sluice": ({ sluice }) => tcp("127.0.0.1", sluice),
  "tcp to Sluice's admin": async ({ admin }) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: admin });
    conn.close();
    return "the admin's port";
  },
  "udp to 127.0.0.1": ({ udp: port }) => udp("127.0.0.1", port),
  "udp to ::1": ({ udp: port }) => udp("::1", port),
  "udp to own addresses": ({ own, udp: port }) =>
    firstOf(own, (ip) => udp(ip, port)),
  "udp to a public address": async () => {
    await udp("1.1.1.1", 53);
  },
  "udp broadcast": ({ udp: port }) => udp("255.255.255.255", port),
  "udp multicast": ({ udp: port }) => udp("224.0.0.1", port),
  "dns of the system": async () => {
    const [found] = await Deno.resolveDns("example.com", "A");
    return found;
  },
  "dns at a server outside": async ({ udp: port }) => {
    const nameServer = { ipAddr: "127.0.0.1", port };
    try {
      await Deno.resolveDns("example.com", "A", { nameServer });
    } catch (error) {
      // Even an answer that is not DNS counts.
      if (/proto|malformed|parse/i.test(String(error))) return String(error);
      throw error;
    }
    return undefined;
  },
  "raw IPv4 socket": () => Promise.resolve(opens(AF.inet, SOCK.raw, 1)),
  "packet socket": () => Promise.resolve(opens(AF.packet, SOCK.raw, 0x300)),
  "vsock to the machine's host": () =>
    Promise.resolve(opens(AF.vsock, SOCK.stream)),
  "XDP socket": () => Promise.resolve(opens(AF.xdp, SOCK.raw)),
  "kernel crypto socket": () => Promise.resolve(opens(AF.alg, 5)),
  "io_uring": () => {
    const ring = new Uint8Array(120);
    const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(ring));
    const { close, syscall } = libc();
    const made = syscall(IO_URING_SETUP, 4n, BigInt(address), 0n, 0n, 0n);
    if (made < 0) return Promise.resolve(undefined);
    close(Number(made));
    return Promise.resolve("a ring");
  },
  "unix socket in this folder": ({ paths }) =>
    unix(paths[0]!.slice(paths[0]!.lastIndexOf("/") + 1)),
  "unix socket by path": ({ paths }) => unix(paths[0]!),
  "unix sockets elsewhere": ({ paths }) => firstOf(paths.slice(1), unix),
  "unix socket by a link": async ({ paths }) => {
    const link = await Deno.makeTempFile();
    await Deno.remove(link);
    await Deno.symlink(paths[0]!, link);
    try {
      return await unix(link);
    } finally {
      await Deno.remove(link);
    }
  },
  "unix socket by a second name": async ({ paths }) => {
    const name = `${paths[0]}.2`;
    await Deno.link(paths[0]!, name);
    try {
      return await unix(name);
    } finally {
      await Deno.remove(name);
    }
  },
  "unix socket moved away": async ({ paths }) => {
    const name = `${paths[0]}.3`;
    await Deno.rename(paths[0]!, name);
    try {
      return await unix(name);
    } finally {
      await Deno.rename(name, paths[0]!);
    }
  },
  "unix socket by the folder moved away": async ({ paths }) => {
    const folder = paths[1]!.slice(0, paths[1]!.lastIndexOf("/"));
    await Deno.rename(folder, `${folder}.moved`);
    try {
      return await unix(paths[1]!.replace(folder, `${folder}.moved`));
    } finally {
      await Deno.rename(`${folder}.moved`, folder);
    }
  },
  "abstract socket": async ({ abstract }) => {
    const { close, connect, socket } = libc();
    const name = new TextEncoder().encode(abstract);
    const address = new Uint8Array(3 + name.length);
    address.set([1, 0, 0]);
    address.set(name, 3);
    const made = socket(1, SOCK.stream, 0);
    const done = connect(made, address, address.length);
    close(made);
    await Promise.resolve();
    return done === 0 ? "an abstract socket" : undefined;
  },
  "new interface": async () => {
    const { success } = await new Deno.Command("ip", {
      args: ["link", "add", "sluicetest", "type", "dummy"],
      stderr: "null",
    }).output();
    if (!success) return undefined;
    await new Deno.Command("ip", { args: ["link", "del", "sluicetest"] })
      .output();
    return "a new interface";
  },
};
