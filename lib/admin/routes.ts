/**
 * Finds the route of a request to the admin listener.
 *
 * @module
 */

import {
  type ApiEndpoint,
  ENDPOINTS,
  type HttpMethod,
  type Operation,
} from "./endpoints.ts";
import { AdminError } from "./error.ts";

/** A path with one of its methods. */
export interface AdminRoute extends ApiEndpoint {
  /** Its name in the table of endpoints. */
  readonly operation: Operation;
  /** Method; GET also serves HEAD. */
  readonly method: HttpMethod;
  /** Path; `{…}` at its end stands for its parameter. */
  readonly path: string;
  /** Name of its parameter; `undefined` if it has none. */
  readonly parameter: string | undefined;
}

/** All routes except the page. */
export const ADMIN_ROUTES: readonly AdminRoute[] = Object.entries(ENDPOINTS)
  .map(([operation, endpoint]) => {
    const [method, path] = operation.split(" ") as [HttpMethod, string];
    const parameter = /\{(\w+)\}$/.exec(path)?.[1];
    return {
      ...endpoint,
      operation: operation as Operation,
      ...{ method, path, parameter },
    };
  });

/** A matched route and the parameter of its path. */
export interface FoundRoute {
  /** The matched route. */
  readonly route: AdminRoute;
  /** The parameter of its path, decoded; empty if it has none. */
  readonly name: string;
}

/**
 * Finds the route of a request.
 *
 * @param method Method; HEAD counts as GET.
 * @param path Path as sent, without its query.
 * @returns The route; `undefined` if no route has the path.
 * @throws {AdminError} `bad_request` for a parameter that can't be decoded.
 * @throws {MethodError} If the path has other methods.
 */
export function findRoute(
  method: string,
  path: string,
): FoundRoute | undefined {
  const wanted = method === "HEAD" ? "GET" : method;
  const others: string[] = [];
  for (const route of ADMIN_ROUTES) {
    const name = nameIn(route.path, path);
    if (name === undefined) continue;
    if (route.method === wanted) return { route, name: decode(name) };
    others.push(route.method === "GET" ? "GET, HEAD" : route.method);
  }
  if (others.length === 0) return undefined;
  throw new MethodError(method, others.join(", "));
}

/** The error for a method that a path does not support. */
export class MethodError extends AdminError {
  /** The supported methods, for `Allow`. */
  readonly allow: string;

  /**
   * Creates an error.
   *
   * @param method The unsupported method.
   * @param allow The supported methods, separated by commas.
   */
  constructor(method: string, allow: string) {
    super("method_not_allowed", `Cannot serve ${method} here; use ${allow}`);
    this.name = "MethodError";
    this.allow = allow;
  }
}

/** The parameter in a path; empty if the route has none. */
function nameIn(pattern: string, path: string): string | undefined {
  const brace = pattern.indexOf("{");
  if (brace < 0) return path === pattern ? "" : undefined;
  const name = path.slice(brace);
  const isFit = path.startsWith(pattern.slice(0, brace)) && name !== "" &&
    !name.includes("/");
  return isFit ? name : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AdminError(
      "bad_request",
      "The path has an invalid percent-encoding",
    );
  }
}
