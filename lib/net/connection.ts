/**
 * The interface of a connection, whichever API opened it. A `Deno.TcpConn`
 * implements it as it is.
 *
 * @module
 */

/** A stream of bytes in each direction, which is all that a `Duplex` needs. */
export interface ByteChannel extends Disposable {
  /**
   * Reads into the buffer; resolves with the number of bytes, or null at end of
   * file.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes some of the bytes and resolves with how many; the caller may then
   * reuse the buffer.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Sends FIN; reading goes on. */
  closeWrite(): Promise<void>;
  /** Turns Nagle's algorithm off or on; missing if the channel is not TCP. */
  setNoDelay?(noDelay?: boolean): void;
  /** The channel under a layer such as TLS; missing if this is no layer. */
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
  /** Turns Nagle's algorithm off or on. */
  setNoDelay(noDelay?: boolean): void;
  /** Closes both directions now; pending reads and writes fail. */
  close(): void;
}

/** A connection over TLS. */
export interface TlsConnection extends Connection {
  /** Protocol negotiated by ALPN; `undefined` if none. */
  readonly protocol?: string | undefined;
}
