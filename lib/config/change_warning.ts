/**
 * A warning of what a change of users, certificates or rules does now.
 *
 * @module
 */

import { formatPath } from "../cli/config_error.ts";
import type { ListenerConfig } from "./load.ts";

const ON_CHANGE = "on-change";

/** What open tunnels are judged by again. */
const JUDGED_BY = ["users", "user", "rules", "rule", "tls-client-ca"];

/**
 * Warns of a listener whose open tunnels a change will end, as it did not before
 * `on-change` was there.
 *
 * @param listener The listener.
 * @returns The warning; `undefined` if nothing changes, or its file says what is
 *   wanted.
 */
export function changeWarning(
  { index, kind: { options }, says }: Pick<
    ListenerConfig,
    "index" | "kind" | "says"
  >,
): string | undefined {
  const isJudged = Object.hasOwn(options, ON_CHANGE) && !says(ON_CHANGE) &&
    JUDGED_BY.some((name) => Object.hasOwn(options, name) && says(name));
  if (!isJudged) return undefined;
  return `${
    formatPath(["listeners", index])
  }: open tunnels that a change of its users, certificates or rules would refuse are cut, unlike before; write "on-change": "keep" to leave them open, or "cut" to silence this`;
}
