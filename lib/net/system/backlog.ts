/**
 * The queue in which the system holds connections until they are accepted.
 *
 * @module
 */

/**
 * Most connections that wait for one listener. Deno's default of 511 overflows
 * when a load balancer sends all clients of a server that went down
 * (denoland/deno#30541). Linux caps it at `net.core.somaxconn`.
 */
export const BACKLOG = 4096;
