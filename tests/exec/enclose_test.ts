import { assertEquals } from "@std/assert";
import type { FenceOrder } from "../../lib/exec/fence_message.ts";
import { hasFence } from "../support/exec.ts";
import { makeFolder, runOk } from "../support/programs.ts";
import { cacheEnvironment } from "../support/sluice_commands.ts";

/** Namespaces in which a process may mount. */
const NAMESPACES = [
  ...["--user", "--map-current-user", "--keep-caps"],
  ...["--pid", "--mount", "--fork"],
];

const ENCLOSE = import.meta.resolve("../../lib/exec/enclose.ts");

Deno.test({
  name: "enclose() hides folders although another one has just gone",
  ignore: !hasFence,
}, async () => {
  await using folder = await makeFolder();
  const { path } = folder;
  await Deno.mkdir(`${path}/ssh-1`);
  await Deno.writeTextFile(`${path}/ssh-1/agent`, "");
  const order: FenceOrder = {
    folders: ["gone", "ssh-1"].map((name) => ({
      ...{ path: `${path}/${name}`, kept: [], isWritable: false },
    })),
    ...{ files: [`${path}/none`], sockets: [] },
    ...{ words: [], ports: [], set: {}, unset: [], ignored: [] },
    ...{ errors: 2, softFiles: undefined },
  };
  const code = `const { enclose } = await import("${ENCLOSE}");
enclose(${JSON.stringify(order)});
console.log([...Deno.readDirSync("${path}/ssh-1")].length);`;
  const words = [...NAMESPACES, Deno.execPath(), "eval", code];
  const text = await runOk("unshare", words, { env: cacheEnvironment() });
  assertEquals(text, "0\n");
});
