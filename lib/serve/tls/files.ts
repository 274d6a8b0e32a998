/**
 * Reads the files of TLS at the start, and again when one of them changes.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import { splitPem } from "../../wire/pem.ts";
import { ServerFiles } from "../server_files.ts";
import { requireCertificates, requireKey } from "./own_certificate.ts";
import type { TlsPaths } from "./config.ts";
import { TlsFault, type TlsFileKind } from "./fault.ts";
import { concerning, StartError } from "../../cli/usage_error.ts";
import type { Reloadable } from "../../cli/watch_files.ts";
import type { WatchedFile } from "../../cli/watched_file.ts";

/** Names of the options that name the files of each kind. */
export type TlsOptionNames = Readonly<Record<TlsFileKind, string>>;

/** What is in the files, as PEM. */
export interface TlsTexts {
  /** Certificates with their keys. */
  certificates: readonly { certificate: string; key: string }[];
  /** Authorities of the other side. */
  authorities: string | undefined;
  /** Their revocation lists. */
  revocationLists: string | undefined;
}

/**
 * Options for {@linkcode TlsFiles.open}.
 *
 * @typeParam T Value made from the files.
 */
export interface TlsFilesOptions<T> {
  /** Names of the options that name the files. */
  names: TlsOptionNames;
  /**
   * Makes the value that handshakes use from the texts.
   *
   * @throws {SyntaxError} If a text is invalid, or the texts do not match.
   */
  prepare: (texts: TlsTexts) => Promise<T>;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Opens the files (default: reads each). */
  files?: ServerFiles | undefined;
  /** Called when a new value is in force. */
  onChange?: () => void;
}

/**
 * The files, read one by one and used together. The last good value stays in
 * force until the files make another one: files that belong together may
 * change one after the other.
 *
 * @typeParam T Value made from the files.
 */
export class TlsFiles<T> implements Reloadable {
  readonly #opened: OpenedFiles;
  readonly #options: TlsFilesOptions<T>;
  #current: T;
  #isChanged = false;

  private constructor(
    opened: OpenedFiles,
    options: TlsFilesOptions<T>,
    current: T,
  ) {
    this.#opened = opened;
    this.#options = options;
    this.#current = current;
    for (const file of allOf(opened)) {
      file.onReload(() => {
        this.#isChanged = true;
      });
    }
  }

  /**
   * Reads the files for the first time.
   *
   * @typeParam T Value made from the files.
   * @param paths Paths of the files.
   * @param options How to make the value.
   * @throws {StartError} If one can't be read, or they can't be used.
   */
  static async open<T>(
    paths: TlsPaths,
    options: TlsFilesOptions<T>,
  ): Promise<TlsFiles<T>> {
    const { files = new ServerFiles(), log, names } = options;
    const read = (how: "open" | "openNew") =>
      openAll(
        paths,
        (path, kind) =>
          concerning(names[kind.of], () => files[how](path, { ...kind, log })),
      );
    const opened = await read("open");
    try {
      return await TlsFiles.#make(opened, options);
    } catch (error) {
      if (!files.hasInherited) throw error;
    }
    // What is in force of one may not go with another that is new.
    return await TlsFiles.#make(await read("openNew"), options);
  }

  static async #make<T>(
    opened: OpenedFiles,
    options: TlsFilesOptions<T>,
  ): Promise<TlsFiles<T>> {
    try {
      const current = await options.prepare(textsOf(opened));
      return new TlsFiles(opened, options, current);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const kind = error instanceof TlsFault ? error.kind : "certificate";
      throw new StartError(`Cannot use the TLS files: ${error.message}`, {
        cause: error,
        option: options.names[kind],
      });
    }
  }

  /** What is in force. */
  get current(): T {
    return this.#current;
  }

  /** Their paths. */
  get name(): string {
    return allOf(this.#opened).map(({ name }) => name).join(", ");
  }

  /** Reads what has changed. */
  async poll(): Promise<void> {
    await this.#look((file) => file.poll());
  }

  /**
   * Reads all of them.
   *
   * @returns Why something stays as it was, where it does.
   */
  reload(): Promise<string | undefined> {
    return this.#look((file) => file.reload());
  }

  async #look(
    look: (file: WatchedFile<string>) => Promise<string | undefined | void>,
  ): Promise<string | undefined> {
    const said = await Promise.all(allOf(this.#opened).map(look));
    const problems = said.filter((one) => typeof one === "string");
    const problem = problems.length > 0 ? problems.join("; ") : undefined;
    if (!this.#isChanged) return problem;
    this.#isChanged = false;
    const { prepare, log, onChange } = this.#options;
    try {
      this.#current = await prepare(textsOf(this.#opened));
      onChange?.();
      return problem;
    } catch (error) {
      const why = (error as Error).message;
      const message =
        `Cannot use the new TLS files: ${why}; Sluice keeps the old one`;
      log(messageEvent("error", "tls-not-reloaded", message));
      return message;
    }
  }
}

interface OpenedFiles {
  pairs: readonly (readonly [WatchedFile<string>, WatchedFile<string>])[];
  authorities: WatchedFile<string> | undefined;
  lists: WatchedFile<string> | undefined;
}

async function openAll(
  { authorities, certificates, revocationLists }: TlsPaths,
  open: OpenFile,
): Promise<OpenedFiles> {
  const pairs: [WatchedFile<string>, WatchedFile<string>][] = [];
  for (const { certificate, key } of certificates) {
    pairs.push([
      await open(certificate, CERTIFICATE),
      await open(key, KEY),
    ]);
  }
  return {
    pairs,
    authorities: authorities === undefined
      ? undefined
      : await open(authorities, AUTHORITIES),
    lists: revocationLists === undefined
      ? undefined
      : await open(revocationLists, LISTS),
  };
}

function allOf(
  { pairs, authorities, lists }: OpenedFiles,
): WatchedFile<string>[] {
  return [...pairs.flat(), authorities, lists]
    .filter((file) => file !== undefined);
}

function textsOf({ pairs, authorities, lists }: OpenedFiles): TlsTexts {
  return {
    certificates: pairs.map(([certificate, key]) => ({
      certificate: certificate.value,
      key: key.value,
    })),
    authorities: authorities?.value,
    revocationLists: lists?.value,
  };
}

interface Kind {
  of: TlsFileKind;
  what: string;
  parse: (text: string) => string;
  describe: (text: string) => string;
  isSecret?: boolean;
}

/** Opens one of them. */
type OpenFile = (path: string, kind: Kind) => Promise<WatchedFile<string>>;

const CERTIFICATE: Kind = {
  of: "certificate",
  what: "certificate",
  parse: requireCertificates,
  describe: (text) => count(text, "CERTIFICATE", "certificate"),
};

const KEY: Kind = {
  of: "key",
  what: "private key",
  parse: requireKey,
  describe: () => "1 private key",
  isSecret: true,
};

const AUTHORITIES: Kind = {
  ...CERTIFICATE,
  of: "authorities",
  what: "authorities",
};

const LISTS: Kind = {
  of: "lists",
  what: "revocation lists",
  parse: requireLists,
  describe: (text) => count(text, "X509 CRL", "revocation list"),
};

function requireLists(text: string): string {
  if (splitPem(text, "X509 CRL").length > 0) return text;
  throw new SyntaxError("it has no revocation list in PEM");
}

function count(text: string, label: string, what: string): string {
  return countOf(splitPem(text, label).length, what);
}
