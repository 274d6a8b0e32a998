/**
 * Finds settings of a file that rely on what changed since 0.1 (the topic
 * `migration`). It covers only changes for which a setting chooses the old or
 * the new behaviour; that setting ends the warning.
 *
 * @module
 */

import { formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import type { Claim } from "../serve/trial_host.ts";
import type { Config, ListenerConfig } from "./load.ts";
import type { SettingFault } from "./setting_fault.ts";

/**
 * Finds settings that rely on a changed default.
 *
 * @param config The configuration.
 * @param places The addresses of each listener.
 * @returns What changed and what to write, in the order of the listeners.
 */
export function changedDefaults(
  { listeners, printable }: Pick<Config, "listeners" | "printable">,
  places: ReadonlyMap<ListenerConfig, readonly Claim[]>,
): SettingFault[] {
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

function ofLog(printable: unknown): SettingFault[] {
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
  { option, where }: Claim,
): SettingFault[] {
  if (!isUnixPath(where) || where.mode !== undefined) return [];
  return [{
    ...{ listener, option },
    message: `since 0.2 only the user that runs Sluice can connect to ${
      formatEndpoint(where)
    }; write its mode, such as ,mode=660 for the group too or ,mode=600 for nobody else`,
  }];
}

function ofHistory(listener: ListenerConfig): SettingFault[] {
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

function ofOpenTunnels(listener: ListenerConfig): SettingFault[] {
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
