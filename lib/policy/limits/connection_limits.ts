/**
 * How many connections are served at once, in all and for one client or user.
 *
 * @module
 */

import { clientKey } from "./client_key.ts";
import { type Offer, OfferedPlaces } from "./offered_places.ts";
import { Refusal } from "./refusal.ts";

/** Connections over a limit that are kept at once, until they can be told. */
export const MOST_REFUSED = 128;

/** A place among the connections served, or kept. */
export interface Lease {
  /** Gives the place back. Calling it again does nothing. */
  release(): void;
  /**
   * Lets the next connection that finds no place have this one.
   *
   * @param end Ends the connection whose place it was, which is free by then;
   *   must not throw.
   */
  offer(end: () => void): void;
  /** Takes that back. Does nothing once the place is another's. */
  withdraw(): void;
}

/** Which limit leaves no place: that in all, or that of one client or user. */
export type FullLimit = "all" | "one";

/** Options for {@linkcode ConnectionLimits}. */
export type ConnectionLimitsOptions =
  & {
    /** Connections over a limit that are kept at once (default 128). */
    mostKept?: number;
  }
  & (
    /** What is counted (default connections), and whose (default a client's). */
    | { what?: "connections" | "associations"; per?: "client" }
    | { what?: "connections"; per: "user" }
  );

/** Counts connections, and refuses those over a limit. */
export class ConnectionLimits {
  readonly #most: number;
  readonly #options: ConnectionLimitsOptions;
  readonly #byClient = new Map<string, number>();
  readonly #offered = new OfferedPlaces((count) => this.offersChanged(count));
  readonly #keptOffered = new OfferedPlaces();
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

  /** Connections over the limit that are kept at once. */
  protected get mostKept(): number {
    return this.#options.mostKept ?? MOST_REFUSED;
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
    const full = this.#takeOrReclaim(key, mostOfClient);
    if (full === "all") {
      throw new Refusal("limit reached", `Limit of ${this.#most} ${what}`, {
        limit: what,
      });
    }
    if (full === "one") {
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
    return new Place(key, this.#offered, () => this.give(key));
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
    const isFull = this.#refused >= this.mostKept;
    if (isFull && !this.#keptOffered.take()) return undefined;
    this.#refused++;
    return new Place("", this.#keptOffered, () => this.#refused--);
  }

  /**
   * Ends the connection whose place has been offered for longest, because there
   * is no room for another one.
   *
   * @returns Whether there was one.
   */
  makeRoom(): boolean {
    return this.#offered.take() || this.#keptOffered.take();
  }

  /** Places that are offered give way, as many as it takes. */
  #takeOrReclaim(key: string, mostOfOne: number): FullLimit | undefined {
    let full = this.take(key, this.#most, mostOfOne);
    while (
      full !== undefined && this.#offered.take(full === "one" ? key : undefined)
    ) full = this.take(key, this.#most, mostOfOne);
    if (full !== undefined) this.callOthers();
    return full;
  }

  /**
   * Waits for places that others were asked for, after
   * {@linkcode ConnectionLimits.admit} has found none.
   *
   * @returns When it is worth while to try again; `undefined` where it is not.
   */
  awaitRoom(): Promise<void> | undefined {
    return undefined;
  }

  /**
   * Ends the connection whose place has been offered for longest, for another
   * thread.
   *
   * @returns Whether there was one.
   */
  protected giveWay(): boolean {
    return this.#offered.take();
  }

  /**
   * Notes how many places are offered.
   *
   * @param _count How many.
   */
  protected offersChanged(_count: number): void {}

  /** Asks others for a place, where there are none to be had here. */
  protected callOthers(): void {}

  /**
   * Takes a place, if there is one.
   *
   * @param key Whose it is to be.
   * @param most Places in all.
   * @param mostOfOne Places of one; 0 is no limit.
   * @returns Which limit leaves none; `undefined` where it was taken.
   */
  protected take(
    key: string,
    most: number,
    mostOfOne: number,
  ): FullLimit | undefined {
    if (this.#total >= most) return "all";
    const mine = this.#byClient.get(key) ?? 0;
    if (mostOfOne > 0 && mine >= mostOfOne) return "one";
    this.#total++;
    this.#byClient.set(key, mine + 1);
    return undefined;
  }

  /**
   * Gives a place back.
   *
   * @param key Whose it was.
   */
  protected give(key: string): void {
    this.#total--;
    const left = this.#byClient.get(key)! - 1;
    if (left > 0) this.#byClient.set(key, left);
    else this.#byClient.delete(key);
  }
}

/** A place that is held until it is given back, or taken by another. */
class Place implements Lease {
  readonly #key: string;
  readonly #offered: OfferedPlaces;
  #give: (() => void) | undefined;
  #offer: Offer | undefined;

  constructor(key: string, offered: OfferedPlaces, give: () => void) {
    this.#key = key;
    this.#offered = offered;
    this.#give = give;
  }

  release(): void {
    this.withdraw();
    this.#give?.();
    this.#give = undefined;
  }

  offer(end: () => void): void {
    if (this.#give === undefined) return;
    this.#offer ??= this.#offered.add(this.#key, () => {
      this.release();
      end();
    });
  }

  withdraw(): void {
    this.#offer?.withdraw();
    this.#offer = undefined;
  }
}
