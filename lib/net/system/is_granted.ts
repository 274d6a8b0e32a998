/**
 * Permissions of the runtime.
 *
 * @module
 */

/**
 * Tells whether Deno has a permission, without a prompt, which would block
 * everything.
 *
 * @returns Whether it was given and not dropped since.
 */
export function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
