/**
 * Answers calls of other nodes like requests of local admin clients.
 *
 * @module
 */

import type {
  AnswerNode,
  NodeAnswer,
  NodeCall,
  NodeCaller,
} from "../../serve/counts/fleet_nodes.ts";
import { type AdminContext, answerRoute } from "../answers.ts";
import { AdminError, asAdminError } from "../error.ts";
import { findRoute } from "../routes.ts";
import { canRelay } from "./relay.ts";

/**
 * Creates the function that answers other nodes.
 *
 * @param context The state that operations work with.
 */
export function answerCalls(context: AdminContext): AnswerNode {
  return async (call, caller) => {
    try {
      return await answer(call, { ...context, caller });
    } catch (error) {
      const { answer: json, status } = asAdminError(error);
      return { status, json };
    }
  };
}

async function answer(
  { method, target }: NodeCall,
  context: AdminContext & { caller: NodeCaller },
): Promise<NodeAnswer> {
  const [path, query] = target.split("?", 2) as [string, string | undefined];
  const found = findRoute(method, path);
  if (found === undefined || !canRelay(found.route)) {
    throw new AdminError("not_found", "Nothing is at this path");
  }
  if (found.route.method !== "GET" && context.caller.role === "observer") {
    const { node } = context.caller;
    throw new AdminError("forbidden", `Node ${node} only observes`);
  }
  const parameters = new URLSearchParams(query);
  parameters.delete("node"); // Otherwise the call would be forwarded again.
  const result = await answerRoute(found, parameters, context);
  if (!("json" in result)) throw new AdminError("internal", "Not JSON");
  return { status: result.status, json: result.json };
}
