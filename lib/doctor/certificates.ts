/**
 * The doctor's findings about certificates.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { splitPem } from "../wire/pem.ts";
import type { Finding } from "./finding.ts";
import { FileError } from "../cli/file_error.ts";
import { readText } from "../cli/read_file.ts";

const DAY = 24 * 60 * 60 * 1_000;

/** Days before expiry at which a renewal is due. */
const SOON = 30;
const VERY_SOON = 3;

/**
 * Examines the validity of certificates.
 *
 * @param paths PEM files; each certificate in them counts.
 * @returns One finding for each file.
 */
export async function examineCertificates(
  paths: readonly string[],
): Promise<Finding[]> {
  return await Promise.all(paths.map(examineFile));
}

async function examineFile(path: string): Promise<Finding> {
  const check = "certificate";
  try {
    const blocks = splitPem(await readText(path), "CERTIFICATE");
    if (blocks.length === 0) throw new Error("no certificate in it");
    const { X509Certificate } = await import("node:crypto");
    const all = blocks.map((block) => new X509Certificate(block));
    const from = Math.max(...all.map((one) => Date.parse(one.validFrom)));
    const to = Math.min(...all.map((one) => Date.parse(one.validTo)));
    const remedy = "renew it, and send SIGHUP";
    return { check, ...judgeValidity(path, { from, to, remedy }) };
  } catch (error) {
    const why = error instanceof FileError
      ? error.reason
      : describeError(error);
    const message = `${path}: ${why}`;
    const remedy = "name a file with certificates in PEM form";
    return { level: "problem", check, message, remedy };
  }
}

/**
 * Judges the validity of a certificate.
 *
 * @param name Name for the message.
 * @param validity Start and end in milliseconds since 1970, and the remedy if
 *   the end is near.
 * @returns The finding without its check.
 */
export function judgeValidity(
  name: string,
  { from, to, remedy }: { from: number; to: number; remedy: string },
): Omit<Finding, "check"> {
  const now = Date.now();
  const days = Math.floor((to - now) / DAY);
  if (now < from) {
    const since = new Date(from).toISOString();
    return {
      level: "problem",
      message: `${name} is not valid before ${since}`,
      remedy: "check the clock, or wait",
    };
  }
  if (days < 0) {
    return { level: "problem", message: `${name} has expired`, remedy };
  }
  const message = `${name} is valid for ${days} days`;
  if (days >= SOON) return { level: "ok", message };
  return { level: days < VERY_SOON ? "problem" : "warning", message, remedy };
}
