/**
 * The kinds of servers that a file can configure. Each is a command, and its
 * settings come from its option table.
 *
 * @module
 */

import type { OptionTable } from "../cli/option.ts";
import type { ForwardOptions } from "../forward/options.ts";
import type { ProxyOptions } from "../proxy/options.ts";
import { PROGRAM_OPTIONS } from "../serve/options/program.ts";
import type { ServerCommand } from "../serve/server_command.ts";

/** Operands of a command line that have names in a file. */
export interface NamedWords {
  /** The operand that takes the words. */
  operand: string;
  /** Name of the first word. */
  first: string;
  /** Name of all that follow. */
  rest: string;
}

/** A kind of server. */
export interface ServerKind {
  /** The command that starts one. */
  command: ServerCommand<OptionTable>;
  /** Its options, without those of the program. */
  options: OptionTable;
  /** Names for its operands (default none). */
  words?: NamedWords;
  /**
   * Whether connections may keep the old settings after a reload. Those of a
   * hub may not: they would no longer receive from the others.
   */
  canRetire: boolean;
  /** Whether all its clients must be in one thread. */
  isSingle: boolean;
}

/** The kinds by name. */
export type ServerKinds = ReadonlyMap<string, ServerKind>;

/** Values of the options of a listener; each kind lacks some. */
export type ListenerValues = Partial<ProxyOptions> & Partial<ForwardOptions>;

interface KindEntry {
  load: () => Promise<unknown>;
  words?: NamedWords;
  canRetire?: false;
  isSingle?: true;
}

/** Options that are not settings. */
const ASKED = ["help", "version"];

const KINDS: Readonly<Record<string, KindEntry>> = {
  "proxy": {
    load: async () => (await import("../proxy/command.ts")).PROXY_COMMAND,
  },
  "forward": {
    load: async () => (await import("../forward/command.ts")).FORWARD_COMMAND,
    words: { operand: "routes", first: "listen", rest: "upstreams" },
  },
  "hub": {
    load: async () => (await import("../hub/command.ts")).HUB_COMMAND,
    canRetire: false,
    isSingle: true,
  },
  "echo": {
    load: async () => (await import("../echo/command.ts")).ECHO_COMMAND,
  },
};

/** Names of all kinds. */
export const KIND_NAMES: readonly string[] = Object.keys(KINDS);

/** Loaded kinds by their names, so that the same names give the same map. */
const loading = new Map<string, Promise<ServerKinds>>();

/**
 * Loads kinds, once.
 *
 * @param names Names of kinds; others are ignored (default: all kinds).
 */
export function loadListenerKinds(
  names: readonly unknown[] = KIND_NAMES,
): Promise<ServerKinds> {
  const known = KIND_NAMES.filter((name) => names.includes(name));
  const key = known.join();
  let kinds = loading.get(key);
  if (kinds === undefined) loading.set(key, kinds = loadEach(known));
  return kinds;
}

async function loadEach(names: readonly string[]): Promise<ServerKinds> {
  const kinds = await Promise.all(names.map(loadListenerKind));
  return new Map(names.map((name, index) => [name, kinds[index]!]));
}

/** Loads one kind. */
export async function loadListenerKind(
  kindName: string,
): Promise<ServerKind> {
  const { load, ...entry } = KINDS[kindName]!;
  const command = await load() as ServerCommand<OptionTable>;
  const options = withoutProgram(command.options);
  return { canRetire: true, isSingle: false, ...entry, command, options };
}

function withoutProgram(table: OptionTable): OptionTable {
  return Object.fromEntries(
    Object.entries(table).filter(([name]) =>
      !ASKED.includes(name) && !Object.hasOwn(PROGRAM_OPTIONS, name)
    ),
  );
}
