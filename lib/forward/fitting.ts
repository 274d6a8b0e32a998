/**
 * Checks that the settings of a relay fit together.
 *
 * @module
 */

import { formatEndpoint } from "../wire/endpoint.ts";
import { UsageError } from "../cli/usage_error.ts";
import type { ForwardSettings } from "./options.ts";
import { upstreamsIn } from "./routes.ts";

/**
 * Checks that the parts of a configuration fit together.
 *
 * @param config Configuration of the relay.
 * @throws {UsageError} If they do not; the message names them.
 */
export function requireFitting(config: ForwardSettings): void {
  requireSomewhere(config);
  requirePool(config);
  if (config.protocols !== undefined) requireAgreeing(config);
}

function requireSomewhere({ routes, serverNames }: ForwardSettings) {
  const isNowhere = routes.some(({ upstreams }) => upstreams.length === 0);
  if (isNowhere && serverNames.size === 0) {
    throw new UsageError(
      "the upstream is missing; give one, such as 127.0.0.1:8849",
      {
        option: "routes",
        operand: "LISTEN UPSTREAM…",
      },
    );
  }
}

function requirePool({ pool, sendProxy }: ForwardSettings): void {
  const { mode, size, serverSpeaksFirst } = pool;
  if (mode === "off" && (size > 0 || serverSpeaksFirst)) {
    throw new UsageError(
      "needs --pool ahead or reuse; without it, this option has no effect",
      {
        option: size > 0 ? "pool-size" : "server-speaks-first",
        others: ["pool"],
      },
    );
  }
  if (mode !== "off" && size === 0) {
    throw new UsageError(`${mode} needs --pool-size N of at least 1`, {
      option: "pool",
      others: ["pool-size"],
    });
  }
  if (mode === "reuse" && serverSpeaksFirst) {
    throw new UsageError(
      "cannot be combined with --pool reuse: only a new connection is greeted",
      { option: "server-speaks-first", others: ["pool"] },
    );
  }
  if (mode === "reuse" && sendProxy !== undefined) {
    throw new UsageError(
      "cannot be combined with --pool reuse: a header tells of one client, and the connection serves several",
      { option: "send-proxy", others: ["pool"] },
    );
  }
}

/**
 * ALPN needs TLS with the client, and the result belongs to that client alone.
 */
function requireAgreeing(config: ForwardSettings): void {
  const { pool, protocols, routes, serverNames, tls } = config;
  if (tls === undefined) {
    throw new UsageError(
      "needs --tls-cert; without it, this option has no effect",
      {
        option: "tls-alpn",
        others: ["tls-cert"],
      },
    );
  }
  const all = upstreamsIn(routes, serverNames);
  const plain = all.find(({ isTls }) => !isTls);
  if (protocols === "upstream" && plain !== undefined) {
    const name = formatEndpoint(plain.endpoint);
    throw new UsageError(
      `'upstream' needs TLS upstreams: write tls://${name}, or list the protocols`,
      { option: "tls-alpn" },
    );
  }
  if (pool.mode === "reuse" && all.some(({ isTls }) => isTls)) {
    throw new UsageError(
      "cannot be combined with --pool reuse and tls:// upstreams: a protocol is agreed on with one client, and the connection serves several",
      { option: "tls-alpn", others: ["pool"] },
    );
  }
}
