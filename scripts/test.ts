/**
 * Runs the tests, the long files first. A thread for each of the small ones
 * would cost more than what they test, because each thread loads all modules
 * again, so those of one folder share threads.
 *
 * Usage: deno run -A scripts/test.ts [PATH]…
 *
 * A path is a folder or a file (default: `tests`). The exit code is that of
 * `deno test`. `DENO_JOBS` is the number of threads (default 4: tests wait for
 * programs now and then).
 *
 * @module
 */

/**
 * Folders whose files each get their own thread. Their tests mostly wait for
 * programs, and the longest come first, so that none of them ends last.
 */
const ALONE = [
  "tests/manual",
  "tests/exec",
  "tests/clients",
  "tests/config",
  "tests/doctor",
  "tests/cli",
  "tests/certs",
  "tests/connect",
  "tests/echo",
  "tests/deploy",
  "tests/scripts",
  "tests/program",
  "tests/workers",
];

/** Most files that share a thread. */
const MOST_TOGETHER = 12;

/** Files of tests below a path, in order. */
function* testsIn(path: string): Generator<string> {
  if (!Deno.statSync(path).isDirectory) return yield path;
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  for (const name of names) {
    const inner = `${path}/${name}`;
    if (Deno.statSync(inner).isDirectory) yield* testsIn(inner);
    else if (name.endsWith("_test.ts")) yield inner;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Lists of files that share a thread. */
function* shares(paths: readonly string[]): Generator<string[]> {
  const folders = Object.groupBy(paths, folderOf);
  for (const files of Object.values(folders)) {
    for (let start = 0; start < files!.length; start += MOST_TOGETHER) {
      yield files!.slice(start, start + MOST_TOGETHER);
    }
  }
}

/** Writes a module that imports the files, and returns its path. */
function join(files: readonly string[], folder: string): string {
  const [first] = files as [string];
  const path = `${folder}/${first.replaceAll("/", "-")}`;
  const lines = files.map((file) =>
    `import ${JSON.stringify(`file://${Deno.realPathSync(file)}`)};\n`
  );
  Deno.writeTextFileSync(path, lines.join(""));
  return path;
}

const given = Deno.args.map((path) => path.replace(/^\.\/|\/$/g, ""));
const paths = [
  ...new Set((given.length > 0 ? given : ["tests"]).flatMap(
    (path) => [...testsIn(path)],
  )),
];
const alone = ALONE.flatMap((folder) =>
  paths.filter((path) => folderOf(path) === folder)
);
const rest = paths.filter((path) => !alone.includes(path));
const folder = Deno.makeTempDirSync({ prefix: "sluice-tests-" });
try {
  const joined = [...shares(rest)].map((files) => join(files, folder));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--no-check", "--parallel", "--config", "deno.json"],
      ...["--sanitize-ops", "--sanitize-resources", ...alone, ...joined],
    ],
    env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? "4" },
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
