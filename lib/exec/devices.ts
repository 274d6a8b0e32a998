/**
 * Devices that lead to the machine itself: disks and memory.
 *
 * @module
 */

/** Devices by name; nobody but root can open them. */
const MEMORY = ["mem", "kmem", "port", "kmsg"];

/** Names of the folder that are looked at, at most. */
const MOST = 5_000;

/**
 * Lists the devices to hide from root, who owns them.
 *
 * @returns Their paths; none for another user, who cannot open them.
 */
export function machineDevices(): string[] {
  if (Deno.uid() !== 0) return [];
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
