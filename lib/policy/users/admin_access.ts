/**
 * Decides who may use the admin listener, and from which pages.
 *
 * Browsers let any page send requests to any address, including this machine's
 * own. A page cannot set a header of its own without the server's consent
 * (CORS), which Sluice never gives. It cannot know the token. Nor can it send
 * another `Host` than the name it was loaded from, which reveals a stranger's
 * name that resolves to this machine (DNS rebinding).
 *
 * @module
 */

import { parseIpAddress } from "../../wire/ip_address.ts";

/**
 * The relevant parts of a request. Each list has one value for each header
 * line.
 */
export interface AdminRequest {
  /** Minor version of HTTP/1. */
  readonly minor: 0 | 1;
  /** Request method. */
  readonly method: string;
  /** Values of `Host`. */
  readonly hosts: readonly string[];
  /** Values of `Origin`. */
  readonly origins: readonly string[];
  /** Values of `Sec-Fetch-Site`. */
  readonly sites: readonly string[];
  /** Values of `Authorization`. */
  readonly authorizations: readonly string[];
  /** Values of `X-Sluice-Request`. */
  readonly confirmations: readonly string[];
}

/** The reason for refusing a request. */
export interface AdminRefusal {
  /** Status of the response. */
  readonly status: 400 | 401 | 403;
  /** The reason, in one line. */
  readonly message: string;
}

/** Settings of {@linkcode AdminAccess}. */
export interface AdminAccessOptions {
  /** Token that requests must know; `undefined` for none. */
  token: string | undefined;
  /** Host name of the listener, as configured. */
  host: string;
  /** Whether it is a Unix socket, which browsers cannot reach. */
  isUnix: boolean;
}

/** Methods that change nothing. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Values of `Sec-Fetch-Site` for requests that no other site has caused. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/** Decides who may use the admin listener. */
export class AdminAccess {
  #token: Uint8Array | undefined;
  readonly #host: string;
  readonly #isUnix: boolean;

  /**
   * Creates the rules of one listener.
   *
   * @param options Token and address of the listener.
   */
  constructor({ token, host, isUnix }: AdminAccessOptions) {
    this.#token = token === undefined ? undefined : encode(token);
    this.#host = host.toLowerCase();
    this.#isUnix = isUnix;
  }

  /** Lets in only requests that know another token from now on. */
  replaceToken(token: string): void {
    this.#token = encode(token);
  }

  /**
   * Checks which page a request comes from.
   *
   * @returns The refusal; `undefined` if the request is allowed.
   */
  refuseOrigin(request: AdminRequest): AdminRefusal | undefined {
    const { hosts, method, minor, origins, sites, confirmations } = request;
    // HTTP/1.0 needs no Host (RFC 9112 §3.2). Health checks of load balancers
    // send it, browsers never do.
    if (minor === 0 && hosts.length === 0 && SAFE.has(method)) return undefined;
    if (hosts.length !== 1) {
      return { status: 400, message: "Host must be given exactly once" };
    }
    if (!this.#isOwnName(hosts[0]!)) {
      return forbid(
        "Host is a name that anyone could own: use the address, localhost, or a token",
      );
    }
    if (SAFE.has(method)) return undefined;
    if (confirmations.length !== 1 || confirmations[0] !== "1") {
      return forbid(
        "A request that changes something needs the header X-Sluice-Request: 1",
      );
    }
    const isOther = origins.some((origin) => !isOrigin(origin, hosts[0]!)) ||
      sites.some((site) => !OWN_SITES.has(site));
    if (!isOther) return undefined;
    return forbid("Pages of other sites may not change anything");
  }

  /**
   * Checks whether a request knows the token.
   *
   * @returns The refusal; `undefined` if it knows the token or needs none.
   */
  refuseToken({ authorizations }: AdminRequest): AdminRefusal | undefined {
    if (this.#token === undefined) return undefined;
    const [, given] = authorizations.length === 1
      ? /^Bearer +([\x21-\x7e]+)$/i.exec(authorizations[0]!) ?? []
      : [];
    const isRight = given !== undefined &&
      isSame(encode(given), this.#token);
    return isRight ? undefined : {
      status: 401,
      message: "Needs the token: Authorization: Bearer TOKEN",
    };
  }

  /**
   * Accepts addresses, because a page loaded from an address has no stranger's
   * name. With a token any name is fine, because a page that does not know it
   * gets nothing.
   */
  #isOwnName(host: string): boolean {
    if (this.#isUnix || this.#token !== undefined) return true;
    const name = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{0,5})?$/.exec(host);
    if (name === null) return false;
    const text = (name[1] ?? name[2]!).toLowerCase();
    return text === "localhost" || text === this.#host && text !== "" ||
      parseIpAddress(text) !== undefined;
  }
}

/** Accepts both schemes: a gateway with TLS has another one than Sluice. */
function forbid(message: string): AdminRefusal {
  return { status: 403, message };
}

function isOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}` ||
    origin.toLowerCase() === `https://${host.toLowerCase()}`;
}

function encode(token: string): Uint8Array {
  return new TextEncoder().encode(token);
}

/** Compares in constant time, whatever the bytes are. */
function isSame(given: Uint8Array, wanted: Uint8Array): boolean {
  let difference = given.length ^ wanted.length;
  for (let n = 0; n < given.length; n++) {
    difference |= given[n]! ^ wanted[n % wanted.length]!;
  }
  return difference === 0;
}
