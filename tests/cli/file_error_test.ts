import { assertEquals } from "@std/assert";
import {
  explainFile,
  FileError,
  fileFault,
  type FileUse,
} from "../../lib/cli/file_error.ts";

const { errors } = Deno;

/** Errors, the use of the file, and the expected reason for `/etc/x/file`. */
const CASES: readonly (readonly [unknown, FileUse, string])[] = [
  [new errors.NotFound(), "read", "there is no such file"],
  [new errors.NotFound(), "write", "there is no such folder"],
  [new errors.PermissionDenied(), "read", "this user may not read it"],
  [new errors.PermissionDenied(), "write", "this user may not write there"],
  [
    new errors.NotCapable(),
    "read",
    "Deno was not given the permission; start it with --allow-read=/etc/x/file",
  ],
  [
    new errors.NotCapable(),
    "write",
    "Deno was not given the permission; start it with --allow-write=/etc/x",
  ],
  [new errors.NotADirectory(), "read", "a file is where a folder should be"],
  [new errors.AlreadyExists(), "write", "a file is where a folder should be"],
  [new errors.IsADirectory(), "write", "it is a folder"],
  [new FileError("/etc/x/file", "it is empty"), "write", "it is empty"],
  [new SyntaxError("line 1 is none"), "read", "line 1 is none"],
];

Deno.test("explainFile() explains in Sluice's words why a file can't be used", () => {
  for (const [error, use, reason] of CASES) {
    assertEquals(explainFile("/etc/x/file", error, use), reason);
    const fault = fileFault("use file", "/etc/x/file", error, use);
    assertEquals(fault.message, `Cannot use file /etc/x/file: ${reason}`);
    assertEquals(fault.cause, error);
  }
});

Deno.test("explainFile() explains the errors of the real system", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/file`;
  try {
    const other = `${folder}/other`;
    await Deno.mkdir(other);
    await Deno.writeTextFile(file, "");
    const attempts: [() => Promise<unknown>, FileUse, string][] = [
      [() => Deno.readFile(`${folder}/none`), "read", "there is no such file"],
      [
        () => Deno.writeTextFile(`${folder}/none/x`, ""),
        "write",
        "there is no such folder",
      ],
      [
        () => Deno.readFile(`${file}/x`),
        "read",
        "a file is where a folder should be",
      ],
      [() => Deno.mkdir(file), "write", "a file is where a folder should be"],
      [() => Deno.rename(file, other), "write", "it is a folder"],
    ];
    for (const [attempt, use, reason] of attempts) {
      const error = await attempt().then(() => undefined, (error) => error);
      assertEquals(explainFile(file, error, use), reason);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
