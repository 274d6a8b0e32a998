/**
 * What the rest of the program needs of a connection, whichever API has opened
 * it: a `Deno.TcpConn` is one as it is.
 *
 * @module
 */

/** Bytes each way, with two ends: what a `Duplex` needs. */
export interface ByteChannel extends Disposable {
  /** Reads into the buffer: the number of bytes, or null at end of file. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes, and tells how many; they are free again then. */
  write(bytes: Uint8Array): Promise<number>;
  /** Sends FIN; reading goes on. */
  closeWrite(): Promise<void>;
  /** Turns Nagle's algorithm off, or on again; missing where there is none. */
  setNoDelay?(noDelay?: boolean): void;
  /** What a layer such as TLS runs over; missing where it is none. */
  readonly carrier?: ByteChannel | undefined;
}

/** The addresses of both ends of a connection. */
export interface ConnectionEnds {
  /** Address of this end. */
  readonly localAddr: Deno.NetAddr;
  /** Address of the peer. */
  readonly remoteAddr: Deno.NetAddr;
}

/** A network connection to a peer. */
export interface Connection extends ByteChannel, ConnectionEnds {
  /** Turns Nagle's algorithm off, or on again. */
  setNoDelay(noDelay?: boolean): void;
  /** Closes both directions now; what waits on them fails. */
  close(): void;
}

/** A connection inside of TLS. */
export interface TlsConnection extends Connection {
  /** What both ends have agreed to speak (ALPN); `undefined` is nothing. */
  readonly protocol?: string | undefined;
}
