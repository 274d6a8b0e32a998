/**
 * Finds settings of a file that rely on what changed since 0.1 (the topic
 * `migration`). It covers only changes for which a setting chooses the old or
 * the new behaviour; that setting ends the warning.
 *
 * @module
 */

import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import type { Config, ListenerConfig } from "./load.ts";

/** A place in the file, and what changed for it. */
export interface ChangedDefault {
  /** The listener; `undefined` for the program. */
  listener?: ListenerConfig;
  /** The option that relies on it. */
  option: string;
  /** What changed, and what to write. */
  message: string;
}

/** An address of a listener, and the option that sets it. */
export interface ListenedPlace {
  /** The address. */
  where: Endpoint;
  /** The option. */
  option: string;
}

/**
 * Finds settings that rely on a changed default.
 *
 * @param config The configuration.
 * @param places The addresses of each listener.
 * @returns One entry per change, in the order of the listeners.
 */
export function changedDefaults(
  { listeners, printable }: Pick<Config, "listeners" | "printable">,
  places: ReadonlyMap<ListenerConfig, readonly ListenedPlace[]>,
): ChangedDefault[] {
  return [
    ...ofLog(printable),
    ...listeners.flatMap((listener) => [
      ...(places.get(listener) ?? []).flatMap((place) =>
        ofSocket(listener, place)
      ),
      ...ofHistory(listener),
      ...ofOpenTunnels(listener),
    ]),
  ];
}

function ofLog(printable: unknown): ChangedDefault[] {
  const { log, "log-time": time } = (printable ?? {}) as Record<
    string,
    unknown
  >;
  if (log !== "text" || time !== undefined) return [];
  return [{
    option: "log",
    message:
      'since 0.2 a text line in a file or pipe begins with the date, and has the protocol in front of the client; programs that read it may need \'log-time\', or "log": "json"',
  }];
}

function ofSocket(
  listener: ListenerConfig,
  { option, where }: ListenedPlace,
): ChangedDefault[] {
  if (!isUnixPath(where) || where.mode !== undefined) return [];
  return [{
    ...{ listener, option },
    message: `since 0.2 only the user that runs Sluice can connect to ${
      formatEndpoint(where)
    }; write its mode, such as ,mode=660 for the group too or ,mode=600 for nobody else`,
  }];
}

function ofHistory(listener: ListenerConfig): ChangedDefault[] {
  const { given } = listener;
  const history = given.get("history")?.[0];
  if (history === undefined || Number(history) === 0) return [];
  if (given.has("history-time")) return [];
  return [{
    ...{ listener, option: "history" },
    message:
      "since 0.2 an empty room keeps its history for an hour; write 'history-time', 0 to drop it as before",
  }];
}

/** Options whose changes are checked against open tunnels. */
const JUDGED_BY = ["users", "user", "rules", "rule", "tls-client-ca"];

const ON_CHANGE = "on-change";

function ofOpenTunnels(listener: ListenerConfig): ChangedDefault[] {
  const { kind: { options }, says } = listener;
  if (!Object.hasOwn(options, ON_CHANGE) || says(ON_CHANGE)) return [];
  const option = JUDGED_BY.find((name) =>
    Object.hasOwn(options, name) && says(name)
  );
  if (option === undefined) return [];
  return [{
    ...{ listener, option },
    message:
      'since 0.2 a change of users, certificates or rules cuts the open tunnels that it would refuse; write "on-change": "keep" to leave them open, or "cut" to silence this',
  }];
}
