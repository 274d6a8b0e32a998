/**
 * What the two sides of a fence tell each other. The outside decides, the init
 * inside does what it is told.
 *
 * ```text
 * outside                                      init
 *   | -- FenceOrder --------------------------> |  mounts, ports
 *   | <------- Ready, with the listeners ------ |
 *   | -- Go ----------------------------------> |  gives up its rights
 *   | <------- Started or NotStarted ---------- |
 *   | <------- Stopped ---- Signal, Resume ---> |  until the command has ended
 * ```
 *
 * @module
 */

/** A folder to be emptied. */
export interface EmptyFolder {
  /** Its path. */
  path: string;
  /** Names in it that stay. */
  kept: string[];
  /** Whether the command may write to it. */
  isWritable: boolean;
}

/** What the inside is to be. */
export interface FenceOrder {
  /** The command and its arguments. */
  words: string[];
  /** Ports of 127.0.0.1 to listen on. */
  ports: number[];
  /** Folders that hold sockets. */
  folders: EmptyFolder[];
  /** Sockets and devices to be hidden one by one. */
  files: string[];
  /** Sockets that the command may use. */
  sockets: string[];
  /** Variables to set. */
  set: Record<string, string>;
  /** Variables to remove. */
  unset: string[];
  /** Numbers of the signals that the command ignores, as it was asked to. */
  ignored: number[];
  /** Descriptor of the command's standard error. */
  errors: number;
  /** Open files that the command may have at first; `undefined` is as it is. */
  softFiles: number | undefined;
}

/** Sent by the init. */
export type FromInit =
  /** Everything is in place; the descriptors of the ports are beside it. */
  | { kind: "ready" }
  /** Something could not be done. */
  | { kind: "failed"; message: string }
  /** The command runs. */
  | { kind: "started" }
  /** It does not: the number of the failure (errno(3)). */
  | { kind: "not-started"; failure: number }
  /** A signal has stopped it. */
  | { kind: "stopped"; signal: number };

/** Sent to the init after the order. */
export type ToInit =
  /** Start the command; with the terminal or in the background. */
  | { kind: "go"; isForeground: boolean }
  /** A signal for the command. */
  | { kind: "signal"; signal: number }
  /** Let it go on; with the terminal or in the background. */
  | { kind: "resume"; isForeground: boolean };
