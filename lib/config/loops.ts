/**
 * Finds listeners of a configuration whose connections certainly loop.
 *
 * @module
 */

import {
  describeLoop,
  findLoops,
  type Passage,
  rulesMayBypass,
  waysOf,
} from "../serve/target/find_loops.ts";
import type { ConfigProblem } from "../cli/config_error.ts";
import type { ListenerConfig } from "./load.ts";
import type { ListenerValues } from "./server_kinds.ts";
import type { SettingFault } from "./setting_fault.ts";
import { valuesOf } from "../cli/option.ts";
import type { Claim } from "../serve/trial_host.ts";

/** A listener whose connections certainly loop. */
export interface ConfigLoop extends SettingFault {
  /** Whether other listeners are part of the loop. */
  isShared: boolean;
}

/**
 * Finds the loops. A listener with a problem counts as leading nowhere.
 *
 * @param claims Addresses of the listeners, in their order.
 */
export function loopsIn(
  claims: ReadonlyMap<ListenerConfig, readonly Claim[]>,
  problems: readonly ConfigProblem[],
): ConfigLoop[] {
  const isWrong = ({ index }: ListenerConfig) =>
    problems.some(({ path }) => path[0] === "listeners" && path[1] === index);
  const passages = [...claims]
    .filter(([listener]) => !isWrong(listener))
    .flatMap(([listener, list]) =>
      list.map(({ addr }, index) => ({
        ...{ addr, listener },
        ways: waysFrom(listener, index),
      }))
    );
  return findLoops(passages).map((loop) => {
    const { listener } = loop.passage;
    const message = `${loop.trace[0]}: ${describeLoop(loop)}`;
    return {
      ...{ listener, message },
      option: listener.given.has("via") ? "via" : "routes",
      isShared: loop.passages.some((one) => one.listener !== listener),
    };
  });
}

/** Destinations of the connections to one of a listener's addresses. */
function waysFrom(
  { given, kind: { command }, kindName }: ListenerConfig,
  index: number,
): Passage["ways"] {
  if (kindName !== "proxy" && kindName !== "forward") return [];
  const options: ListenerValues = valuesOf(command.options, given);
  const { routes, rule, rules, sni = new Map(), via } = options;
  const upstreams = routes && [
    ...routes[index]?.upstreams ?? [],
    ...[...sni.values()].flat(),
  ];
  const isBypassed = rulesMayBypass(rule, rules);
  return waysOf({ via, upstreams, isBypassed });
}
