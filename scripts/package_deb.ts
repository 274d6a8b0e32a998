/**
 * Packs a compiled program for Debian and Ubuntu: with a unit, a user, a man
 * page, completions and a default configuration.
 *
 * Usage: deno task deb [PROGRAM [FOLDER]]
 *
 * `PROGRAM` is `dist/sluice` unless it is given. The package goes to `FOLDER`
 * (default `dist`) as `sluice_VERSION_ARCHITECTURE.deb`, and its path is
 * printed. The variables `DEBFULLNAME` and `DEBEMAIL` name the maintainer. With
 * `SOURCE_DATE_EPOCH`, the time of its files, the same input gives the same
 * package. Needs `dpkg-deb`, and takes a minute to compress.
 *
 * @module
 */

import project from "../deno.json" with { type: "json" };
import { exampleConfig } from "../lib/config/example.ts";
import { loadListenerKinds } from "../lib/config/server_kinds.ts";
import { COMMANDS } from "../lib/program/commands.ts";
import {
  completionScript,
  type Shell,
} from "../lib/program/completion_command.ts";
import { manPage } from "../lib/program/help_command.ts";

const ROOT = `${import.meta.dirname}/..`;

const DEPLOY = `${ROOT}/scripts/deploy`;

/** The oldest library versions with which the runtime works. */
const DEPENDS = "adduser, libc6 (>= 2.27), libgcc-s1";

/** Debian's names of ELF machines, by e_machine. */
const ARCHITECTURES: Readonly<Record<number, string>> = {
  62: "amd64",
  183: "arm64",
};

/** Path of the man page in the package. */
const MAN_PAGE = "usr/share/man/man1/sluice.1";

/** Findings of `lintian` in the runtime, which contains its libraries. */
const OVERRIDES = "sluice: embedded-library *\n";

/** Differences of the package's unit from the unit in `scripts/deploy/`. */
const UNIT_CHANGES: readonly (readonly [RegExp, string])[] = [
  [/^(?:#.*\n)+\n/, ""],
  [/ sluice\.socket$/m, ""],
  [/^Requires=sluice\.socket\n/m, ""],
  [
    /^ExecStart=.*$/m,
    "ExecStart=/usr/bin/sluice run -c /etc/sluice/sluice.jsonc",
  ],
  [
    /^#[^#]*^DynamicUser=yes\nLoadCredential=.*$/m,
    "User=sluice\nStateDirectory=sluice",
  ],
];

const DESCRIPTION = `SOCKS5, SOCKS4 and HTTP proxy on one port
 Sluice is a proxy in one program: SOCKS5 with UDP, SOCKS4a and HTTP on one
 port, with users, rules, limits, TLS and metrics. It is also a TCP relay with
 balancing, a broadcast hub and an echo server.
 .
 The service listens on 127.0.0.1:1080 until /etc/sluice/sluice.jsonc says
 otherwise.`;

/** Input for {@linkcode packageDeb}. */
export interface DebOptions {
  /** Path of the compiled program. */
  program: string;
  /** Folder of the package. */
  output: string;
  /** How to compress it (default `xz`, which every Debian reads). */
  compression?: "none" | "xz";
}

/**
 * Packs a program.
 *
 * @param options The program, and where to write the package.
 * @returns Path of the package.
 * @throws {TypeError} If the program is not one for Linux on x64 or arm64.
 * @throws {Error} If a tool fails or is missing.
 */
export async function packageDeb(options: DebOptions): Promise<string> {
  const { compression = "xz", output, program } = options;
  const architecture = await architectureOf(program);
  const root = await Deno.makeTempDir({ prefix: "sluice-deb-" });
  try {
    await Deno.chmod(root, 0o755);
    await install(program, `${root}/usr/bin/sluice`, 0o755);
    for (const [path, text] of Object.entries(await printedTexts())) {
      await write(`${root}/${path}`, text);
    }
    const unit = await Deno.readTextFile(`${DEPLOY}/sluice.service`);
    await write(`${root}/lib/systemd/system/sluice.service`, unitFrom(unit));
    const documents = `${root}/usr/share/doc/sluice`;
    await write(`${documents}/copyright`, await copyright());
    await write(`${documents}/changelog`, changelog());
    for (const path of [`${documents}/changelog`, `${root}/${MAN_PAGE}`]) {
      await command("gzip", "--best", "--no-name", path);
    }
    await write(`${root}/usr/share/lintian/overrides/sluice`, OVERRIDES);
    const size = await sizeOf(root);
    await write(`${root}/DEBIAN/control`, control(architecture, size));
    await write(`${root}/DEBIAN/conffiles`, "/etc/sluice/sluice.jsonc\n");
    for (const name of ["postinst", "prerm", "postrm"]) {
      await install(`${DEPLOY}/deb/${name}`, `${root}/DEBIAN/${name}`, 0o755);
    }
    const path = `${output}/sluice_${project.version}_${architecture}.deb`;
    await Deno.mkdir(output, { recursive: true });
    const how = ["--build", "--root-owner-group", `-Z${compression}`];
    await command("dpkg-deb", ...how, root, path);
    return path;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/**
 * Makes the package's unit.
 *
 * @param text The unit of `scripts/deploy/`, which listens by a socket and has
 *   its user made by systemd.
 * @returns The same service with a configuration file and its own user.
 * @throws {Error} If the unit lacks a line that this would change.
 */
function unitFrom(text: string): string {
  return UNIT_CHANGES.reduce((unit, [pattern, replacement]) => {
    if (pattern.test(unit)) return unit.replace(pattern, replacement);
    throw new Error(`sluice.service has no ${pattern}`);
  }, text);
}

async function architectureOf(program: string): Promise<string> {
  using file = await Deno.open(program);
  const head = new Uint8Array(20);
  await file.read(head);
  const isElf = new TextDecoder().decode(head.subarray(1, 4)) === "ELF";
  const name = isElf ? ARCHITECTURES[head[18]! | head[19]! << 8] : undefined;
  if (name !== undefined) return name;
  throw new TypeError(
    `${program} is no program for Linux on x64 or arm64: compile one with 'deno task compile'`,
  );
}

function control(architecture: string, size: number): string {
  return `Package: sluice
Version: ${project.version}
Architecture: ${architecture}
Maintainer: ${maintainer()}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: ${DEPENDS}
Section: net
Priority: optional
Description: ${DESCRIPTION}
`;
}

function maintainer(): string {
  const name = Deno.env.get("DEBFULLNAME") || "The Sluice authors";
  const email = Deno.env.get("DEBEMAIL") || "sluice@localhost.localdomain";
  return `${name} <${email}>`;
}

function changelog(): string {
  const seconds = Deno.env.get("SOURCE_DATE_EPOCH");
  const date = new Date(seconds === undefined ? Date.now() : +seconds * 1000)
    .toUTCString().replace("GMT", "+0000");
  return `sluice (${project.version}) stable; urgency=medium

  * New release.

 -- ${maintainer()}  ${date}
`;
}

async function copyright(): Promise<string> {
  const [title, , holder, ...text] =
    (await Deno.readTextFile(`${ROOT}/LICENSE`)).trimEnd().split("\n");
  const lines = text.slice(1).map((line) => line === "" ? " ." : ` ${line}`);
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: ${holder!.replace(/^Copyright (\(c\) )?/, "")}
License: ${title === "MIT License" ? "Expat" : title}
${lines.join("\n")}
`;
}

/** Texts that the program can print, by their path in the package. */
async function printedTexts(): Promise<Record<string, string>> {
  const textOf = (lines: readonly string[]) => `${lines.join("\n")}\n`;
  const complete = (shell: Shell) => completionScript(COMMANDS, shell);
  return {
    "etc/sluice/sluice.jsonc": textOf(exampleConfig(await loadListenerKinds())),
    "usr/share/bash-completion/completions/sluice": await complete("bash"),
    "usr/share/fish/vendor_completions.d/sluice.fish": await complete("fish"),
    "usr/share/zsh/vendor-completions/_sluice": await complete("zsh"),
    [MAN_PAGE]: textOf(await manPage(COMMANDS)),
  };
}

async function command(program: string, ...args: string[]): Promise<string> {
  const { stderr, stdout, success } = await new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program}: ${new TextDecoder().decode(stderr).trim()}`);
}

async function install(from: string, to: string, mode: number): Promise<void> {
  await Deno.mkdir(to.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.copyFile(from, to);
  await Deno.chmod(to, mode);
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o644);
}

async function sizeOf(folder: string): Promise<number> {
  let total = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    total += isDirectory ? await sizeOf(path) : (await Deno.stat(path)).size;
  }
  return total;
}

function say(to: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  to.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  const [program = `${ROOT}/dist/sluice`, output = `${ROOT}/dist`] = Deno.args;
  try {
    say(Deno.stdout, await packageDeb({ program, output }));
  } catch (error) {
    say(Deno.stderr, `deb: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
