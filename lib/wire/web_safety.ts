/**
 * Response fields that restrict what a browser may do.
 *
 * @module
 */

import type { Field } from "./http1/fields.ts";

/**
 * Builds the policy of Sluice's own pages. They may load their own scripts and
 * styles and send requests to their own server. Everything from elsewhere,
 * inline code and markup built from strings are forbidden.
 *
 * @param images Source of images for the policy (default: the page's own
 *   origin).
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
 * Builds the fields that keep other sites from framing, running or reading a
 * response.
 *
 * @param policy Value of `Content-Security-Policy`.
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
