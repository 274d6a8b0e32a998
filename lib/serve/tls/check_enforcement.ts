/**
 * Checks that the runtime rejects clients with an invalid certificate: some
 * versions ignore the option and let anyone in (denoland/deno#26825).
 *
 * @module
 */

import type { TlsAcceptor } from "../../net/tls/accept.ts";
import { memoryChannel } from "../../net/tls/memory_channel.ts";
import { NodeTransport } from "../../net/tls/node_transport.ts";
import { TlsError } from "../../net/tls/tls_error.ts";
import { encodePem } from "../../wire/pem.ts";
import { exportKey, generateKeys, KEY_ALGORITHM } from "./certificate/keys.ts";
import { StartError } from "../../cli/usage_error.ts";
import { loadX509 } from "./x509_library.ts";

const NOWHERE = {
  transport: "tcp",
  hostname: "127.0.0.1",
  port: 0,
} as const;

/** Milliseconds for the handshake, which needs a few. */
const TIMEOUT = 5_000;

/**
 * Connects to a server within the process with an untrusted certificate, and
 * requires that the runtime rejects it.
 *
 * @param acceptor The server, which requires certificates of some authority.
 * @throws {StartError} If it does not.
 */
export async function checkEnforcement(acceptor: TlsAcceptor): Promise<void> {
  const [near, far] = memoryChannel();
  const tls = await import("node:tls");
  const options = {
    socket: new NodeTransport(far),
    rejectUnauthorized: false,
    allowHalfOpen: true,
    ...await makeStranger(),
  };
  const client = tls.connect(options);
  client.on("error", () => {}); // The expected result.
  const timer = setTimeout(() => near[Symbol.dispose](), TIMEOUT);
  try {
    const ends = { localAddr: NOWHERE, remoteAddr: NOWHERE };
    await acceptor.accept(near, ends);
  } catch (error) {
    if (error instanceof TlsError && error.kind === "refused") return;
    throw notEnforced(`the check has failed: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    client.destroy();
    near[Symbol.dispose]();
  }
  throw notEnforced("a stranger's certificate was accepted");
}

/** A self-signed certificate. */
async function makeStranger(): Promise<{ cert: string; key: string }> {
  const x509 = await loadX509();
  const keys = await generateKeys("ecdsa");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=stranger",
    keys,
    signingAlgorithm: KEY_ALGORITHM.ecdsa,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  return {
    cert: encodePem(certificate.rawData, "CERTIFICATE"),
    key: await exportKey(keys.privateKey),
  };
}

function notEnforced(why: string): StartError {
  return new StartError(
    `Refusing to ask clients for certificates: Deno ${Deno.version.deno} does not keep strangers out (${why})`,
  );
}
