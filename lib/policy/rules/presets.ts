/**
 * Presets: the hosts that a tool needs for its downloads.
 *
 * @module
 */

/** Hosts of one tool or service. */
export interface RulePreset {
  /** Its purpose. */
  readonly summary: string;
  /** Names, or patterns such as `*.example.com`. */
  readonly hosts: readonly string[];
  /** Ports of each host. */
  readonly ports: readonly number[];
}

/** The presets by name. */
export const RULE_PRESETS = {
  npm: {
    summary: "packages of npm, pnpm and Yarn",
    hosts: ["registry.npmjs.org", "registry.yarnpkg.com"],
    ports: [443],
  },
  pypi: {
    summary: "packages of pip, uv and Poetry",
    hosts: ["pypi.org", "files.pythonhosted.org"],
    ports: [443],
  },
  github: {
    summary: "git over HTTPS, the API, releases and raw files",
    hosts: [
      "github.com",
      "api.github.com",
      "codeload.github.com",
      "*.githubusercontent.com",
    ],
    ports: [443],
  },
  debian: {
    summary: "packages of Debian and their security updates",
    hosts: ["deb.debian.org", "security.debian.org"],
    ports: [80, 443],
  },
  deno: {
    summary: "modules of JSR and deno.land, and Deno itself",
    hosts: ["jsr.io", "npm.jsr.io", "deno.land", "dl.deno.land"],
    ports: [443],
  },
  crates: {
    summary: "crates of Cargo",
    hosts: ["crates.io", "index.crates.io", "static.crates.io"],
    ports: [443],
  },
  go: {
    summary: "modules of Go and their checksums",
    hosts: ["proxy.golang.org", "sum.golang.org"],
    ports: [443],
  },
} as const satisfies Readonly<Record<string, RulePreset>>;

/** Name of a preset. */
export type PresetName = keyof typeof RULE_PRESETS;

/** Names of the presets. */
export const PRESET_NAMES = Object.keys(RULE_PRESETS) as PresetName[];

/** Formats a preset as a rule. */
export function presetRule(name: PresetName): string {
  const { hosts, ports } = RULE_PRESETS[name];
  return `allow name ${hosts.join(",")} port ${
    ports.join(",")
  } command connect,http`;
}
