import { assert, assertEquals } from "@std/assert";
import { findSockets } from "../../lib/exec/sockets.ts";

function listen(path: string): Deno.UnixListener {
  return Deno.listen({ transport: "unix", path });
}

Deno.test({
  name: "findSockets() finds sockets by the system's list and beside them",
  ignore: Deno.build.os !== "linux",
}, async () => {
  const folder = await Deno.makeTempDir();
  using _listener = listen(`${folder}/a.sock`);
  using _renamed = listen(`${folder}/b.sock`);
  // The system still knows it by its first name.
  await Deno.rename(`${folder}/b.sock`, `${folder}/c.sock`);
  const { files, folders } = findSockets([], new Set());
  assert(files.includes(`${folder}/a.sock`));
  assert(files.includes(`${folder}/c.sock`));
  assert(folders.some(({ path }) => path === "/run"));
  const allowed = findSockets([], new Set([`${folder}/a.sock`]));
  assertEquals(allowed.files.includes(`${folder}/a.sock`), false);
  assert(allowed.files.includes(`${folder}/c.sock`));
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "findSockets() finds a socket with a relative path by its process",
  ignore: Deno.build.os !== "linux",
}, async () => {
  const folder = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      'Deno.listen({ transport: "unix", path: "rel.sock" }); console.log("up"); await Deno.stdin.read(new Uint8Array(1));',
    ],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const { files } = findSockets([], new Set());
  assert(files.includes(`${folder}/rel.sock`));
  await child.stdin.close();
  await reader.cancel();
  await child.status;
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "findSockets() looks into places that it is told",
  ignore: Deno.build.os !== "linux",
}, async () => {
  const folder = await Deno.makeTempDir();
  const listener = listen(`${folder}/left.sock`);
  await Deno.rename(`${folder}/left.sock`, `${folder}/kept.sock`);
  listener.close(); // Nobody listens: only the file is left.
  const { files } = findSockets([folder], new Set());
  assert(files.includes(`${folder}/kept.sock`));
  await Deno.remove(folder, { recursive: true });
});
