/**
 * Limits simultaneous connections, in total and per client or user.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import { clientKey } from "./client_key.ts";
import { type Offer, OfferedPlaces } from "./offered_places.ts";
import { type LimitName, Refusal } from "./refusal.ts";

/** Most connections over a limit that wait for their refusal message. */
export const MOST_REFUSED = 128;

/** A place for one connection, admitted or kept. */
export interface Lease {
  /** Returns the place. A second call does nothing. */
  release(): void;
  /**
   * Offers the place to the next connection that finds none free.
   *
   * @param end Ends the connection of this place, which is already free. It
   *   must not throw.
   */
  offer(end: () => void): void;
  /**
   * Withdraws the offer. Does nothing if another connection has taken the
   * place.
   */
  withdraw(): void;
}

/**
 * The limit that is reached: the total, that of one client or user, or `away`
 * if a machine may not take a place while Redis is unreachable.
 */
export type FullLimit = "all" | "one" | "away";

/** Options for {@linkcode ConnectionLimits}. */
export type ConnectionLimitsOptions =
  & {
    /** Most connections over a limit to keep (default: 128). */
    mostKept?: number;
  }
  & (
    /**
     * What to count (default: connections), and by which key (default: client).
     */
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
  /** Both ways to return a place, one function each for all places. */
  readonly #give = (key: string): void => this.give(key);
  readonly #giveKept = (): void => {
    this.#refused--;
  };
  #total = 0;
  #refused = 0;

  /**
   * Creates limits with nothing counted.
   *
   * @param most Most connections in total.
   * @param options What to count, and by which key.
   */
  constructor(most: number, options: ConnectionLimitsOptions = {}) {
    this.#most = most;
    this.#options = options;
  }

  /** Connections with a place. */
  get total(): number {
    return this.#total;
  }

  /** Most connections in total, for the refusal message. */
  protected get most(): number {
    return this.#most;
  }

  /** Most connections over the limit to keep. */
  protected get mostKept(): number {
    return this.#options.mostKept ?? MOST_REFUSED;
  }

  /** Clients or users with a connection; those without are not stored. */
  get clients(): number {
    return this.#byClient.size;
  }

  /**
   * Gives a connection its place.
   *
   * @param client The client's address without port, or the user's name.
   * @param mostOfClient Most connections of one client (an IPv4 address, or a
   *   /64 of IPv6) or of one user; 0 disables this limit.
   * @returns The place, to release at the end.
   * @throws {Refusal} `limit reached`, with the name of the limit.
   */
  admit(client: string, mostOfClient: number): Lease {
    const key = this.#keyOf(client);
    const full = this.#takeOrReclaim(key, mostOfClient);
    if (full !== undefined) throw this.#refusal(full, client, mostOfClient);
    return this.#place(key);
  }

  /**
   * Gives a connection its place, or waits for a place of other threads or
   * machines if one may become free.
   *
   * @param client The client's address without port, or the user's name.
   * @param mostOfClient Most connections of one client or user; 0 disables this
   *   limit.
   * @returns The place, to release at the end.
   * @throws {Refusal} As {@linkcode ConnectionLimits.admit} does.
   */
  admitOrWait(client: string, mostOfClient: number): Lease | Promise<Lease> {
    const key = this.#keyOf(client);
    const full = this.#takeOrReclaim(key, mostOfClient);
    if (full === undefined) return this.#place(key);
    const refusal = this.#refusal(full, client, mostOfClient);
    const room = this.awaitRoom(client, mostOfClient);
    if (room === undefined) throw refusal;
    return room.then((place) => {
      if (place === undefined) throw refusal;
      return place;
    });
  }

  /** Takes a place, if one is available. */
  protected tryAdmit(client: string, mostOfClient: number): Lease | undefined {
    const key = this.#keyOf(client);
    const full = this.#takeOrReclaim(key, mostOfClient);
    return full === undefined ? this.#place(key) : undefined;
  }

  #keyOf(client: string): string {
    return this.#options.per === "user" ? client : clientKey(client);
  }

  #place(key: string): Lease {
    return new Place(key, this.#offered, this.#give);
  }

  #refusal(full: FullLimit, client: string, mostOfClient: number): Refusal {
    const { what = "connections", per } = this.#options;
    const refuse = (message: string, limit: LimitName) =>
      new Refusal("limit reached", message, { limit });
    if (full === "away") {
      return refuse("Redis is away, and this machine has no places left", what);
    }
    const most = full === "all" ? this.most : mostOfClient;
    const many = `Limit of ${countOf(most, oneOf(what))}`;
    if (full === "all") return refuse(`${many} reached`, what);
    return per === "user"
      ? refuse(`${many} for user ${client} reached`, "connections-per-user")
      : refuse(`${many} from one client reached`, `${what}-per-client`);
  }

  /**
   * Keeps a connection over the limit until it has sent its request and can be
   * answered with a refusal. Their number is limited; otherwise silent clients
   * could use all resources.
   *
   * @returns The place, to release at the end; `undefined` if too many are
   *   kept, so that the connection has to close immediately.
   */
  keep(): Lease | undefined {
    const isFull = this.#refused >= this.mostKept;
    if (isFull && !this.#keptOffered.take()) return undefined;
    this.#refused++;
    return new Place("", this.#keptOffered, this.#giveKept);
  }

  /**
   * Makes room by ending the connection whose place has been offered the
   * longest.
   *
   * @returns Whether such a connection existed.
   */
  makeRoom(): boolean {
    return this.#offered.take() || this.#keptOffered.take();
  }

  /** Takes a place. If none is free, takes offered places until one is. */
  #takeOrReclaim(key: string, mostOfOne: number): FullLimit | undefined {
    let full = this.take(key, this.#most, mostOfOne);
    while (
      full !== undefined && full !== "away" &&
      this.#offered.take(full === "one" ? key : undefined)
    ) full = this.take(key, this.#most, mostOfOne);
    if (full !== undefined) this.callOthers();
    return full;
  }

  /**
   * Waits for a place of other threads or machines, after
   * {@linkcode ConnectionLimits.admit} found none.
   *
   * @param _client The client's address without port, or the user's name.
   * @param _mostOfClient Most connections of one client or user.
   * @returns The place, if one became free in time; `undefined` if waiting is
   *   useless.
   */
  awaitRoom(
    _client: string,
    _mostOfClient: number,
  ): Promise<Lease | undefined> | undefined {
    return undefined;
  }

  /**
   * Ends the connection whose place has been offered the longest, for another
   * thread.
   *
   * @returns Whether such a connection existed.
   */
  protected giveWay(): boolean {
    return this.#offered.take();
  }

  /**
   * Called when the number of offered places changes.
   *
   * @param _count Number of offered places.
   */
  protected offersChanged(_count: number): void {}

  /** Asks other threads for a place, when this one has none. */
  protected callOthers(): void {}

  /**
   * Takes a place, if one is available.
   *
   * @param key Client or user.
   * @param most Places in total.
   * @param mostOfOne Places of one client or user; 0 disables this limit.
   * @returns The limit that is reached; `undefined` if the place was taken.
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
   * Returns a place.
   *
   * @param key Client or user.
   */
  protected give(key: string): void {
    this.#total--;
    const left = this.#byClient.get(key)! - 1;
    if (left > 0) this.#byClient.set(key, left);
    else this.#byClient.delete(key);
  }
}

/** A place until its release, or until another connection takes it. */
class Place implements Lease {
  readonly #key: string;
  readonly #offered: OfferedPlaces;
  #give: ((key: string) => void) | undefined;
  #offer: Offer | undefined;

  constructor(
    key: string,
    offered: OfferedPlaces,
    give: (key: string) => void,
  ) {
    this.#key = key;
    this.#offered = offered;
    this.#give = give;
  }

  release(): void {
    this.withdraw();
    this.#give?.(this.#key);
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

/** The noun in the singular. */
function oneOf(what: "connections" | "associations"): string {
  return what.slice(0, -1);
}
