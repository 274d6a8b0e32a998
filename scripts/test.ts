/**
 * Runs the tests, the long ones first. A thread for each of the small files
 * would cost more than what they test, because each thread loads all modules
 * again, so they share threads.
 *
 * Usage: deno run -A scripts/test.ts [PATH]…
 *
 * A path is a folder or a file (default: `tests`). The exit code is that of
 * `deno test`. `DENO_JOBS` is the number of threads (default 6: on two cores 4
 * leave a quarter of the time unused, because tests wait for programs, and 8 are
 * no faster).
 *
 * @module
 */

/**
 * Files with a thread of their own, the longest first, so that none of them
 * ends last.
 */
const ALONE = [
  "tests/scripts/soak_test.ts",
  "tests/cli/secrets_test.ts",
  "tests/manual/scripts_test.ts",
  "tests/workers/workers_test.ts",
  "tests/deploy/artefacts_test.ts",
  "tests/config/rewritten_files_test.ts",
  "tests/exec/exec_test.ts",
  "tests/exec/tools_test.ts",
  "tests/exec/escape_test.ts",
  "tests/config/reload_config_test.ts",
  // Measures code, which V8 compiles worse after other tests have used it.
  "tests/policy/rules/rules_test.ts",
  // Counts the buffers of the whole thread.
  "tests/serve/limits/memory_plan_test.ts",
];

/**
 * Folders whose other files take longest, in this order, or share a thread with
 * no other folder. All others follow.
 */
const EARLY = [
  "tests/clients/admin_page",
  "tests/fleet/places",
  "tests/fleet",
  "tests/scripts",
  "tests/deploy/fleet",
  "tests/deploy",
  "tests/serve/tls",
  "tests/config",
  "tests/certs",
  "tests/program",
  "tests/clients",
  "tests/cli",
  "tests/proxy",
  "tests/admin/fleet",
  "tests/admin",
  "tests/top/fleet",
  // Its servers release the C library, which tests of other rooms keep.
  "tests/library",
];

/** Most files that share a thread: of the folders above, and of all others. */
const MOST_TOGETHER = { early: 20, late: 32 } as const;

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

/**
 * Lists of files that share a thread: those of one early folder, and all
 * others one after another.
 */
function* shares(paths: readonly string[]): Generator<string[]> {
  const { early = [], late = [] } = Object.groupBy(
    paths,
    (path) => EARLY.includes(folderOf(path)) ? "early" : "late",
  );
  const folders = Object.groupBy(early, folderOf);
  for (const name of EARLY) {
    yield* parts(folders[name] ?? [], MOST_TOGETHER.early);
  }
  yield* parts(late, MOST_TOGETHER.late);
}

function* parts(files: readonly string[], most: number): Generator<string[]> {
  for (let start = 0; start < files.length; start += most) {
    yield files.slice(start, start + most);
  }
}

/** Writes a module that imports the files, and returns its path. */
function join(files: readonly string[], index: number): string {
  const name = files[0]!.replaceAll("/", "-");
  const path = `${folder}/${String(index).padStart(3, "0")}-${name}`;
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
// Throws if one was renamed.
for (const path of [...ALONE, ...EARLY]) Deno.statSync(path);
const alone = ALONE.filter((path) => paths.includes(path));
const rest = paths.filter((path) => !alone.includes(path));
const folder = Deno.makeTempDirSync({ prefix: "sluice-tests-" });
try {
  const threads = [...alone.map((path) => [path]), ...shares(rest)];
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--no-check", "--parallel", "--config", "deno.json"],
      ...["--sanitize-ops", "--sanitize-resources", ...threads.map(join)],
    ],
    env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? "6" },
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
