/**
 * Devices that give access to the machine itself: disks and memory.
 *
 * @module
 */

/** Names of devices other than disks. */
const MEMORY = ["mem", "kmem", "port", "kmsg"];

/** Most entries of the folder to examine. */
const MOST = 5_000;

/**
 * Lists the devices to hide. Their owner can open them without any capability:
 * root, also under another user ID.
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
