/**
 * Replaces many names of one domain by one pattern.
 *
 * @module
 */

/**
 * Second-level labels below which anyone can register names (`co.uk`,
 * `com.au`), so that a pattern would allow strangers.
 */
const SHARED = new Set(["ac", "co", "com", "edu", "gov", "net", "or", "org"]);

/**
 * Replaces the names directly below a domain by `*.domain` if there are enough.
 * A domain that strangers share, such as `com` or `co.uk`, is never replaced.
 *
 * @param least How many names of one domain are enough, 2 or more.
 * @returns Names and patterns.
 */
export function generaliseNames(
  names: readonly string[],
  least: number,
): string[] {
  const domains = Map.groupBy(names, domainOf);
  return [...domains].flatMap(([domain, below]) => {
    const isOne = domain !== undefined && below.length >= Math.max(least, 2);
    return isOne ? [`*.${domain}`] : below;
  });
}

/** The part after the first dot; `undefined` if strangers share it. */
function domainOf(name: string): string | undefined {
  const labels = name.split(".").slice(1);
  if (labels.length < 2) return undefined;
  const [second, first] = labels.slice(-2) as [string, string];
  const isShared = labels.length === 2 && first.length === 2 &&
    SHARED.has(second);
  return isShared ? undefined : labels.join(".");
}
