/**
 * Permissions of the runtime.
 *
 * @module
 */

/**
 * Tells whether Deno has given a permission, without asking for it: a question
 * on the terminal would stop everything.
 *
 * @param descriptor The permission.
 * @returns Whether it was given, and not given up since.
 */
export function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
