/**
 * Devices that give access to the machine itself: disks and memory.
 *
 * @module
 */

import { infoOf } from "./file_info.ts";

/** Names of devices other than disks. */
const MEMORY = ["mem", "kmem", "port", "kmsg"];

/** Most entries of the folder to examine. */
const MOST = 5_000;

/**
 * Lists the devices to hide. Their owner can open them without any capability:
 * root, also under another user ID.
 */
export function machineDevices(): string[] {
  return [...Deno.readDirSync("/dev")].slice(0, MOST)
    .filter(({ isDirectory, isSymlink }) => !isDirectory && !isSymlink)
    .filter(({ name }) =>
      MEMORY.includes(name) || infoOf(`/dev/${name}`)?.isBlockDevice
    )
    .map(({ name }) => `/dev/${name}`);
}
