import { assertEquals, assertMatch } from "@std/assert";
import { openUpstreamTls } from "../../lib/serve/tls/open_upstream.ts";
import { makeFolder, run, runOk, testPrograms } from "../support/programs.ts";
import { within } from "../support/sockets.ts";

const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1";

interface Case {
  name: string;
  /** Options for the key (default: those of an elliptic curve). */
  key?: string[];
  /** Options of `openssl req -x509` besides those for key and files. */
  args: string[];
  /** Options for the file of authorities, where it is another certificate. */
  trusted?: string[];
  /** Why Sluice refuses it (default: it does not). */
  refused?: RegExp;
  /** Whether curl and openssl take it (default: as Sluice does). */
  isTakenElsewhere?: boolean;
}

const CASES: Case[] = [
  {
    name: "CA:TRUE, as it makes them",
    key: ["-newkey", "rsa:2048"],
    args: ["-addext", NAMES],
  },
  { name: "CA:TRUE and an elliptic curve", args: ["-addext", NAMES] },
  {
    name: "CA:FALSE",
    args: ["-addext", NAMES, "-addext", "basicConstraints=critical,CA:FALSE"],
  },
  {
    name: "CA:TRUE for another name",
    args: ["-addext", "subjectAltName=DNS:other.test"],
    refused: /certificate is for another name$/,
  },
  {
    name: "CA:TRUE and a common name alone",
    args: [],
    refused:
      /certificate names no host: it has no subjectAltName, and the common name does not count$/,
    isTakenElsewhere: true,
  },
  {
    name: "CA:TRUE and for clients alone",
    args: ["-addext", NAMES, "-addext", "extendedKeyUsage=clientAuth"],
    refused: /certificate is not (accepted|for servers)/,
  },
  {
    name: "CA:TRUE, and of another key than the one that is trusted",
    args: ["-addext", NAMES],
    trusted: ["-addext", NAMES],
    refused: /certificate is self-signed$/,
  },
];

/** Such a key takes less time to make than one for RSA. */
const CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

for (
  const { name, key = CURVE, args, trusted, refused, isTakenElsewhere } of CASES
) {
  testPrograms({
    name: `a certificate that signs itself is pinned by --upstream-ca: ${name}`,
    needs: ["openssl", "curl"],
    async fn({ curl, openssl }) {
      await using folder = await makeFolder();
      const path = (file: string) => `${folder.path}/${file}`;
      async function make(file: string, options: string[]): Promise<void> {
        await runOk(openssl, [
          ...["req", "-x509", "-nodes", "-days", "30", "-subj"],
          ...["/CN=localhost", ...key],
          ...["-keyout", path(`${file}.key`), "-out", path(`${file}.crt`)],
          ...options,
        ]);
      }
      await make("own", args);
      if (trusted !== undefined) await make("trusted", trusted);
      const authorities = path(
        trusted === undefined ? "own.crt" : "trusted.crt",
      );

      await using server = Deno.serve({
        hostname: "127.0.0.1",
        port: 0,
        cert: await Deno.readTextFile(path("own.crt")),
        key: await Deno.readTextFile(path("own.key")),
        onListen() {},
        onError: () => new Response(),
      }, () => new Response("hello"));
      const { port } = server.addr as Deno.NetAddr;

      const { start } = await openUpstreamTls(
        { certificates: [], authorities },
        () => {},
      );
      const connection = await Deno.connect({ port });
      let why = "";
      try {
        const inside = await within(
          5_000,
          start(connection, { host: "localhost" }),
        );
        inside.close();
      } catch (error) {
        why = (error as Error).message;
        connection.close();
      }
      if (refused === undefined) assertEquals(why, "");
      else assertMatch(why, refused);

      const isTaken = isTakenElsewhere ?? refused === undefined;
      const { code } = await run(openssl, [
        ...[
          "s_client",
          "-connect",
          `127.0.0.1:${port}`,
          "-CAfile",
          authorities,
        ],
        ...["-verify_return_error", "-verify_hostname", "localhost"],
      ]);
      assertEquals(code === 0, isTaken, "openssl");
      const url = `https://localhost:${port}/`;
      const result = await run(curl, [
        "-q",
        "-s",
        "--cacert",
        authorities,
        url,
      ]);
      assertEquals(result.text === "hello", isTaken, "curl");
    },
  });
}
