/**
 * Devices that lead to the machine itself: disks and memory.
 *
 * @module
 */

/** Devices by name, besides disks. */
const MEMORY = ["mem", "kmem", "port", "kmsg"];

/** Names of the folder that are looked at, at most. */
const MOST = 5_000;

/**
 * Lists the devices to hide. Who owns them needs no right to open them: root, and
 * root of the machine under another number.
 *
 * @returns Their paths.
 */
export function machineDevices(): string[] {
  const names = [...Deno.readDirSync("/dev")].slice(0, MOST)
    .filter(({ isDirectory, isSymlink }) => !isDirectory && !isSymlink)
    .map(({ name }) => name);
  return names
    .filter((name) => MEMORY.includes(name) || isDisk(`/dev/${name}`))
    .map((name) => `/dev/${name}`);
}

function isDisk(path: string): boolean {
  try {
    return Deno.lstatSync(path).isBlockDevice === true;
  } catch {
    return false; // It was pulled out.
  }
}
