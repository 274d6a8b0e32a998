/**
 * What a browser may do with an answer of ours.
 *
 * @module
 */

import type { Field } from "./http1/fields.ts";

/**
 * What a page of ours may do: load its own scripts and styles, and ask its own
 * server. Nothing from elsewhere, nothing inline, and no markup made by a
 * script.
 *
 * @param images Where its images are, as a source of the policy (default: with
 *   the page).
 * @returns A value of `Content-Security-Policy` (CSP 3 §3).
 */
export function pagePolicy(images = "'self'"): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src ${images}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/**
 * Encodes what no other page may get around.
 *
 * @param policy Value of `Content-Security-Policy`.
 * @returns Fields of an answer that others can neither frame, run nor read.
 */
export function webSafety(policy: string): Field[] {
  return [
    ["Content-Security-Policy", policy],
    ["X-Content-Type-Options", "nosniff"],
    ["Referrer-Policy", "no-referrer"],
    ["Cross-Origin-Opener-Policy", "same-origin"],
    ["Cross-Origin-Resource-Policy", "same-origin"],
  ];
}
