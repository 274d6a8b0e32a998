/**
 * CRC-32C, the checksum of iSCSI and of the PROXY protocol (RFC 3720 appendix
 * B.4).
 *
 * @module
 */

/** The polynomial 0x1EDC6F41 with reversed bits. */
const POLYNOMIAL = 0x82f63b78;

/**
 * Computes the CRC-32C of bytes.
 *
 * @param bytes A small number of bytes, because this works bit by bit.
 * @returns The checksum, 0 to 2^32 - 1.
 */
export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      sum = sum >>> 1 ^ (sum & 1 ? POLYNOMIAL : 0);
    }
  }
  return ~sum >>> 0;
}
