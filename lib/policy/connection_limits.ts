/**
 * How many connections are served at once, in all and for one client or user.
 *
 * @module
 */

import { clientKey } from "./client_key.ts";
import { Refusal } from "./refusal.ts";

/** Connections over a limit that are kept at once, until they can be told. */
export const MOST_REFUSED = 128;

/** A place among the connections served, or kept. */
export interface Lease {
  /** Gives the place back. Calling it again does nothing. */
  release(): void;
}

/** Options for {@linkcode ConnectionLimits}. */
export type ConnectionLimitsOptions =
  /** What is counted (default connections), and whose (default a client's). */
  | { what?: "connections" | "associations"; per?: "client" }
  | { what?: "connections"; per: "user" };

/** Counts connections, and refuses those over a limit. */
export class ConnectionLimits {
  readonly #most: number;
  readonly #options: ConnectionLimitsOptions;
  readonly #byClient = new Map<string, number>();
  #total = 0;
  #refused = 0;

  /**
   * Creates limits with nothing counted yet.
   *
   * @param most How many in all.
   * @param options What is counted, and whose.
   */
  constructor(most: number, options: ConnectionLimitsOptions = {}) {
    this.#most = most;
    this.#options = options;
  }

  /** Connections that have a place. */
  get total(): number {
    return this.#total;
  }

  /** Clients or users that have a connection; each is kept only that long. */
  get clients(): number {
    return this.#byClient.size;
  }

  /**
   * Gives a connection its place.
   *
   * @param client The client's address without port, or the user's name.
   * @param mostOfClient Connections from one client (an IPv4 address, or a /64
   *   of IPv6) or of one user; 0 is no limit but that in all.
   * @returns The place, to be given back at the end.
   * @throws {Refusal} `limit reached`, saying which.
   */
  admit(client: string, mostOfClient: number): Lease {
    const { what = "connections", per } = this.#options;
    const key = per === "user" ? client : clientKey(client);
    const mine = this.#byClient.get(key) ?? 0;
    if (this.#total >= this.#most) {
      throw new Refusal("limit reached", `Limit of ${this.#most} ${what}`, {
        limit: what,
      });
    }
    if (mostOfClient > 0 && mine >= mostOfClient) {
      throw per === "user"
        ? new Refusal(
          "limit reached",
          `Limit of ${mostOfClient} connections of user ${client}`,
          { limit: "connections-per-user" },
        )
        : new Refusal(
          "limit reached",
          `Limit of ${mostOfClient} ${what} from one client`,
          { limit: `${what}-per-client` },
        );
    }
    this.#total++;
    this.#byClient.set(key, mine + 1);
    let held = true;
    return {
      release: () => {
        if (held) this.#release(key);
        held = false;
      },
    };
  }

  /**
   * Keeps a connection that was not admitted, until it has said what it wants
   * and can be told. A client that opens connections without a word would have
   * all that there is room for otherwise, whatever the limit.
   *
   * @returns The place, to be given back at the end; `undefined` where as many
   *   are kept as may be: it has to go at once.
   */
  keep(): Lease | undefined {
    if (this.#refused >= MOST_REFUSED) return undefined;
    this.#refused++;
    let held = true;
    return {
      release: () => {
        if (held) this.#refused--;
        held = false;
      },
    };
  }

  #release(key: string): void {
    this.#total--;
    const left = this.#byClient.get(key)! - 1;
    if (left > 0) this.#byClient.set(key, left);
    else this.#byClient.delete(key);
  }
}
