/**
 * Name constraints of an authority (RFC 5280 §4.2.1.10), judged like OpenSSL.
 *
 * @module
 */

import { parseDer, parseDerElements, TAG } from "../../wire/der.ts";
import { contentsOf } from "./certificate/fields.ts";
import { lowerAscii } from "./directory_name.ts";
import {
  describeName,
  type GeneralName,
  type GeneralNameKind,
  readGeneralName,
} from "./general_name.ts";

const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;

/** All names at or below one. */
interface Subtree {
  base: GeneralName;
  /** Whether it has bounds of depth, which nobody uses (§4.2.1.10). */
  isBounded: boolean;
}

/** `SmtpUTF8Mailbox` (RFC 9598 §3): an e-mail address under another name. */
const UTF8_MAILBOX = "2b06010505070809"; // 1.3.6.1.5.5.7.8.9

/** The error for a name to which constraints cannot be applied. */
class UnclearName extends Error {}

/** The constraints of an authority. */
export class NameConstraints {
  readonly #permitted: readonly Subtree[];
  readonly #excluded: readonly Subtree[];

  /**
   * Reads the value of the extension.
   *
   * @param value The value, as DER.
   * @throws {SyntaxError} If it is malformed.
   */
  constructor(value: Uint8Array) {
    const parts = parseDerElements(parseDer(value, TAG.Sequence).contents);
    const unknown = parts.find(({ tag }) =>
      tag !== PERMITTED && tag !== EXCLUDED
    );
    if (unknown !== undefined) {
      throw new SyntaxError(
        `Cannot read name constraints: a part has tag ${unknown.tag}`,
      );
    }
    const subtrees = (wanted: number) =>
      parts.filter(({ tag }) => tag === wanted)
        .flatMap(({ contents }) => readSubtrees(contents));
    this.#permitted = subtrees(PERMITTED);
    this.#excluded = subtrees(EXCLUDED);
  }

  /** How many subtrees a name may have to be compared with. */
  get size(): number {
    return this.#permitted.length + this.#excluded.length;
  }

  /**
   * Checks names. A kind without a constraint is unrestricted.
   *
   * @param names The names of one certificate.
   * @returns What is wrong, as in `DNS name 'a.example' is not permitted`;
   *   `undefined` is nothing.
   */
  faultOf(names: readonly GeneralName[]): string | undefined {
    for (const name of names) {
      try {
        const fault = this.#judge(name);
        if (fault !== undefined) return `${describeName(name)} ${fault}`;
      } catch (error) {
        if (!(error instanceof UnclearName)) throw error;
        return `${describeName(name)} ${error.message}`;
      }
    }
    return undefined;
  }

  #judge(name: GeneralName): string | undefined {
    const permitted = this.#permitted.filter(({ base }) => isAbout(base, name));
    const excluded = this.#excluded.filter(({ base }) => isAbout(base, name));
    if ([...permitted, ...excluded].some(({ isBounded }) => isBounded)) {
      return "has constraints with bounds of depth, which are not supported";
    }
    const isBelow = ({ base }: Subtree) => MATCHERS[base.kind](name, base);
    if (permitted.length > 0 && !permitted.some(isBelow)) {
      return "is not permitted";
    }
    return excluded.some(isBelow) ? "is excluded" : undefined;
  }
}

function readSubtrees(list: Uint8Array): Subtree[] {
  return parseDerElements(list).map((subtree) => {
    const [base, ...bounds] = parseDerElements(
      contentsOf(subtree, TAG.Sequence),
    );
    if (base === undefined) {
      throw new SyntaxError("Cannot read name constraints: one has no name");
    }
    return { base: readGeneralName(base), isBounded: bounds.length > 0 };
  });
}

/** Whether a constraint is about names of such a kind. */
function isAbout(base: GeneralName, name: GeneralName): boolean {
  if (name.kind !== "other") return base.kind === name.kind;
  const type = otherType(name);
  if (base.kind === "email") return type === UTF8_MAILBOX;
  return base.kind === "other" && otherType(base) === type;
}

function otherType({ bytes }: GeneralName): string {
  const [type] = parseDerElements(bytes);
  return contentsOf(type, TAG.ObjectIdentifier).toHex();
}

/** Whether a name is at or below another of its kind. */
const MATCHERS: Readonly<
  Record<GeneralNameKind, (name: GeneralName, base: GeneralName) => boolean>
> = {
  dns: isDnsBelow,
  email: isEmailBelow,
  uri: isUriBelow,
  ip: isIpBelow,
  directory: isDirectoryBelow,
  other: unsupported,
  x400: unsupported,
  edi: unsupported,
  registered: unsupported,
};

function unsupported(): never {
  throw new UnclearName("is of a kind whose constraints are not supported");
}

function isDnsBelow(name: GeneralName, base: GeneralName): boolean {
  return isHostBelow(lowerAscii(name.text), lowerAscii(base.text));
}

/** Labels in front of it make a name below it, and it is below itself. */
function isHostBelow(host: string, base: string): boolean {
  if (base === "" || host === base) return true;
  return host.endsWith(base.startsWith(".") ? base : `.${base}`);
}

/** A mailbox, all those of a host, or all those of hosts below a domain. */
function isEmailBelow(name: GeneralName, base: GeneralName): boolean {
  const at = name.text.lastIndexOf("@");
  if (at < 0 || name.kind !== "email") {
    throw new UnclearName("is none that constraints can be applied to");
  }
  const host = lowerAscii(name.text.slice(at + 1));
  const baseAt = base.text.lastIndexOf("@");
  if (baseAt < 0 && base.text.startsWith(".")) {
    return host.endsWith(lowerAscii(base.text)) && host !== base.text;
  }
  const mailbox = base.text.slice(0, Math.max(0, baseAt));
  // Capitals count in front of the `@`: only the host knows (RFC 5321 §2.4).
  const isMailbox = mailbox === "" || mailbox === name.text.slice(0, at);
  return isMailbox && host === lowerAscii(base.text.slice(baseAt + 1));
}

/** A host, or with a dot in front all those below a domain. */
function isUriBelow(name: GeneralName, base: GeneralName): boolean {
  const authority = /^[a-z][a-z\d+.-]*:\/\/([^/?#]+)/i.exec(name.text)?.[1];
  const host = /^([\w.-]+)(?::\d*)?$/.exec(authority ?? "")?.[1];
  // Nothing but a name may stand there (§4.2.1.10).
  if (host === undefined || /^[\d.]+$/.test(host)) {
    throw new UnclearName("has no host that constraints can be applied to");
  }
  const domain = lowerAscii(base.text);
  return domain.startsWith(".")
    ? lowerAscii(host).endsWith(domain)
    : lowerAscii(host) === domain;
}

/** The base is an address and its mask, one behind the other. */
function isIpBelow({ bytes }: GeneralName, base: GeneralName): boolean {
  const { length } = bytes;
  const isKnown = [4, 16].includes(length);
  if (!isKnown || ![8, 32].includes(base.bytes.length)) {
    throw new UnclearName("is none that constraints can be applied to");
  }
  if (base.bytes.length !== 2 * length) return false;
  return bytes.every((byte, index) =>
    ((byte ^ base.bytes[index]!) & base.bytes[length + index]!) === 0
  );
}

function isDirectoryBelow(name: GeneralName, base: GeneralName): boolean {
  const { directory = [] } = base;
  return directory.every((set, index) => name.directory?.[index] === set);
}
