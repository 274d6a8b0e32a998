/**
 * Checks a filter before it is applied.
 *
 * @module
 */

import { FilterError, parseFilter } from "../admin/filter.ts";

/**
 * Describes the error in a filter.
 *
 * @returns The error; `undefined` if the filter is valid.
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
