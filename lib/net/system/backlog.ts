/**
 * The queue in which the system holds connections until they are accepted.
 *
 * @module
 */

/**
 * Connections that wait for one listener. Deno's own default of 511 overflows
 * in the moment in which a load balancer sends all clients of a server that
 * went down (denoland/deno#30541). Linux caps it at `net.core.somaxconn`.
 */
export const BACKLOG = 4096;
