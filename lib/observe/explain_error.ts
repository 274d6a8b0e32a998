/**
 * Explains system errors in plain words.
 *
 * @module
 */

import { errorCode } from "./error_code.ts";

/** Error codes of the C library and of Node, with their meaning. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "not permitted by the system"],
  ["EADDRINUSE", "the address is in use"],
  ["EADDRNOTAVAIL", "it is not an address of this machine"],
  ["EAFNOSUPPORT", "this machine has no addresses of that family"],
  ["EAGAIN", "the system is out of resources for the moment"],
  ["EAI_AGAIN", "no name server answers"],
  ["EAI_FAIL", "the name server can't find out"],
  ["EAI_MEMORY", "out of memory"],
  ["EAI_NODATA", "name has no address"],
  ["EAI_NONAME", "name does not exist"],
  ["EBADF", "it is closed"],
  ["EBUSY", "something else uses it"],
  ["ECONNABORTED", "connection aborted"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection reset"],
  ["EDQUOT", "the disk quota is used up"],
  ["EEXIST", "it exists already"],
  ["EHOSTDOWN", "host is down"],
  ["EHOSTUNREACH", "host unreachable"],
  ["EINVAL", "the system rejects the value"],
  ["EIO", "the device failed"],
  ["EISDIR", "it is a folder"],
  ["ELOOP", "too many symbolic links"],
  ["EMFILE", "out of file descriptors"],
  ["EMSGSIZE", "the datagram is too large"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ENETDOWN", "network is down"],
  ["ENETUNREACH", "network unreachable"],
  ["ENFILE", "the system is out of file descriptors"],
  ["ENOBUFS", "the system is out of buffers"],
  ["ENODATA", "name has no address"],
  ["ENODEV", "there is no such device"],
  ["ENOENT", "there is no such file"],
  ["ENOMEM", "out of memory"],
  ["ENOSPC", "no space is left"],
  ["ENOSYS", "this system can't do that"],
  ["ENOTCONN", "connection gone"],
  ["ENOTDIR", "part of the path is not a folder"],
  ["ENOTFOUND", "name does not exist"],
  ["ENXIO", "there is no such device"],
  ["EOPNOTSUPP", "this system can't do that"],
  ["EPERM", "not permitted by the system"],
  ["EPIPE", "connection closed while written to"],
  ["EPROTO", "the other side broke the protocol"],
  ["EPROTONOSUPPORT", "this machine does not have the protocol"],
  ["EROFS", "the file system is read-only"],
  ["ETIMEDOUT", "no answer in time"],
]);

/**
 * Explains an error in a few words, followed by the system's code so that
 * people can search for it.
 *
 * @param error Any thrown value.
 * @returns One line, for example `no name server answers (EAI_AGAIN)`.
 */
export function explainError(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not given the permission";
  }
  const code = errorCode(error);
  const words = WORDS.get(code ?? "");
  if (words !== undefined) return `${words} (${code})`;
  if (!(error instanceof Error || error instanceof DOMException)) {
    return String(error);
  }
  // Deno appends the error number, which adds nothing: "… (os error 104)".
  const text = error.message.replace(/ \(os error \d+\)$/, "");
  const isComplete = code === undefined || text.includes(code) ||
    !/^E[A-Z\d_]+$/.test(code);
  return isComplete ? text : `${text} (${code})`;
}
