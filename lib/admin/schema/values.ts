/**
 * Values that several schemas of the admin API have.
 *
 * @module
 */

import { z } from "zod";

/** A text; nothing in it is escaped. */
export const text: z.ZodString = z.string();

/** A text that is left out until it is known. */
export const known: z.ZodExactOptional<z.ZodString> = text.exactOptional();

/** A whole number. */
export const amount: z.ZodInt = z.int().min(0);

/** Any number. */
export const number: z.ZodNumber = z.number();

/** A time in ISO 8601. */
export const time: z.ZodISODateTime = z.iso.datetime();
