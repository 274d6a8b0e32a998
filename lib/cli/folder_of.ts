/**
 * Finds the folder of a file.
 *
 * @module
 */

/**
 * Finds the folder of a file.
 *
 * @param path Path of the file.
 */
export function folderOf(path: string): string {
  return path.includes("/") ? path.replace(/\/[^/]*$/, "") || "/" : ".";
}
