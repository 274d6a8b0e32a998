/**
 * Who may use the admin listener, and from where.
 *
 * Browsers let any page send requests to any address, also to this machine's
 * own. What a page can't do is set a header of its own without being asked for
 * it (CORS), which is never answered; know the token; or send another `Host`
 * than the name that it was loaded from. A stranger's name that is made to
 * resolve to this machine (DNS rebinding) is told by that.
 *
 * @module
 */

import { parseIpAddress } from "../../wire/ip_address.ts";

/** What a request says of itself; each header once for each line that has it. */
export interface AdminRequest {
  /** Method. */
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

/** Why a request is not served. */
export interface AdminRefusal {
  /** What to answer with. */
  readonly status: 400 | 401 | 403;
  /** Why, in one line. */
  readonly message: string;
}

/** Settings of {@linkcode AdminAccess}. */
export interface AdminAccessOptions {
  /** What has to be known; `undefined` is nothing. */
  token: string | undefined;
  /** Name that it was told to listen on. */
  host: string;
  /** Whether it is a Unix socket, which no browser reaches. */
  isUnix: boolean;
}

/** Methods that change nothing. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Where a browser says that a request comes from when it is no other site. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/** Decides who may use the admin listener. */
export class AdminAccess {
  readonly #token: Uint8Array | undefined;
  readonly #host: string;
  readonly #isUnix: boolean;

  /**
   * Creates it.
   *
   * @param options What is asked for.
   */
  constructor({ token, host, isUnix }: AdminAccessOptions) {
    this.#token = token === undefined
      ? undefined
      : new TextEncoder().encode(token);
    this.#host = host.toLowerCase();
    this.#isUnix = isUnix;
  }

  /**
   * Judges where a request comes from.
   *
   * @returns Why it is not served; `undefined` where nothing is wrong.
   */
  refuseOrigin(request: AdminRequest): AdminRefusal | undefined {
    const { hosts, method, origins, sites, confirmations } = request;
    if (hosts.length !== 1) {
      return { status: 400, message: "Host is not given once" };
    }
    if (!this.#isOwnName(hosts[0]!)) {
      return {
        status: 403,
        message:
          "Host is a name that anyone could own: use the address, localhost, or a token",
      };
    }
    if (SAFE.has(method)) return undefined;
    if (confirmations.length !== 1 || confirmations[0] !== "1") {
      return {
        status: 403,
        message: "What changes something needs the header X-Sluice-Request: 1",
      };
    }
    const isOther = origins.some((origin) => !isOrigin(origin, hosts[0]!)) ||
      sites.some((site) => !OWN_SITES.has(site));
    if (!isOther) return undefined;
    return { status: 403, message: "Pages of other sites may change nothing" };
  }

  /**
   * Judges whether a request knows the token.
   *
   * @returns Why it is not served; `undefined` where it does, or need not.
   */
  refuseToken({ authorizations }: AdminRequest): AdminRefusal | undefined {
    if (this.#token === undefined) return undefined;
    const [, given] = authorizations.length === 1
      ? /^Bearer +([\x21-\x7e]+)$/i.exec(authorizations[0]!) ?? []
      : [];
    const isRight = given !== undefined &&
      isSame(new TextEncoder().encode(given), this.#token);
    return isRight ? undefined : {
      status: 401,
      message: "Needs the token: Authorization: Bearer TOKEN",
    };
  }

  /**
   * A page that was loaded from an address has no stranger's name, and one that
   * does not know the token gets nothing.
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

/** Behind a gateway with TLS the scheme is another than ours. */
function isOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}` ||
    origin.toLowerCase() === `https://${host.toLowerCase()}`;
}

/** Takes as long whatever is the same and what is not. */
function isSame(given: Uint8Array, wanted: Uint8Array): boolean {
  let difference = given.length ^ wanted.length;
  for (let n = 0; n < given.length; n++) {
    difference |= given[n]! ^ wanted[n % wanted.length]!;
  }
  return difference === 0;
}
