/**
 * Messages between the two sides of a fence. The outside decides; the init
 * inside obeys.
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

/** A folder to replace by an empty one. */
export interface EmptyFolder {
  /** Its path. */
  path: string;
  /** Names to keep in it. */
  kept: string[];
  /** Whether the command may write to it. */
  isWritable: boolean;
}

/** The settings of the inside. */
export interface FenceOrder {
  /** The command and its arguments. */
  words: string[];
  /** Ports of 127.0.0.1 to listen on. */
  ports: number[];
  /** Folders that hold sockets. */
  folders: EmptyFolder[];
  /** Sockets and devices to hide one by one. */
  files: string[];
  /** Sockets that the command may use. */
  sockets: string[];
  /** Variables to set. */
  set: Record<string, string>;
  /** Variables to remove. */
  unset: string[];
  /**
   * Numbers of the signals that the command starts with ignored, as its caller
   * had them.
   */
  ignored: number[];
  /** Descriptor of the command's standard error. */
  errors: number;
  /**
   * The command's soft limit of open files; `undefined` leaves it unchanged.
   */
  softFiles: number | undefined;
}

/** Sent by the init. */
export type FromInit =
  /**
   * Everything is in place. The message carries the descriptors of the ports.
   */
  | { kind: "ready" }
  /** The fence can't be made. */
  | { kind: "failed"; message: string }
  /** The command runs. */
  | { kind: "started" }
  /** The command can't be started: the error number (errno(3)). */
  | { kind: "not-started"; failure: number }
  /** A signal has stopped the command. */
  | { kind: "stopped"; signal: number };

/** Sent to the init after the order. */
export type ToInit =
  /** Start the command, in the foreground or background. */
  | { kind: "go"; isForeground: boolean }
  /** A signal for the command. */
  | { kind: "signal"; signal: number }
  /** Continue the command, in the foreground or background. */
  | { kind: "resume"; isForeground: boolean };
