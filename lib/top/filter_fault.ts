/**
 * Checks a filter before it is applied.
 *
 * @module
 */

import { FilterError, parseFilter } from "../admin/filter.ts";

/**
 * Says what is wrong with a filter.
 *
 * @returns The fault; `undefined` if there is none.
 */
export function filterFault(text: string): string | undefined {
  try {
    parseFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}
