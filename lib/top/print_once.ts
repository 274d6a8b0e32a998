/**
 * Prints one picture of a server.
 *
 * @module
 */

import type { ListedTunnel } from "../admin/api.ts";
import { follow } from "../admin/client/live.ts";
import { printLines } from "../cli/print_lines.ts";
import { terminalSize } from "../cli/screen.ts";
import { StartError } from "../cli/usage_error.ts";
import type { AdminClient } from "./client.ts";
import { drawHeader } from "./draw/header.ts";
import { tunnelLines } from "./draw/tunnels.ts";
import type { Frame } from "./frame.ts";
import { Inquiries } from "./inquiries.ts";
import { type Picture, takePicture } from "./picture.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import { ServerState } from "./server_state.ts";
import { openView } from "./view.ts";
import type { WatchOptions } from "./watch_server.ts";

/** Columns without a terminal. */
const USUAL_COLUMNS = 120;

/** What to print; rates cover the interval. */
export interface OnceOptions extends WatchOptions {
  /** Whether to print JSON. */
  isJson: boolean;
}

/**
 * Watches a server for one interval, and prints the result.
 *
 * @returns Exit code.
 * @throws {StartError} If the connection is lost meanwhile.
 */
export async function printOnce(
  client: AdminClient,
  { first, interval, isJson }: OnceOptions,
): Promise<number> {
  const seconds = Math.round(interval / 1000);
  const state = await watchFor(client, seconds);
  const view = openView(first);
  const inquiries = new Inquiries(client);
  await inquiries.ask({ ...view, panel: "talkers" });
  const picture = takePicture(state, inquiries, { ...first, seconds });
  const lines = isJson
    ? [JSON.stringify(describePicture(picture, client))]
    : listPicture(picture, { address: client.address.name, view });
  printLines(lines);
  return 0;
}

/** Follows events until the rates are known. */
async function watchFor(
  client: AdminClient,
  seconds: number,
): Promise<ServerState> {
  const done = new AbortController();
  let lost = "";
  const state: ServerState = new ServerState(() => {
    const { list, stream } = state;
    if (stream.is === "lost") lost = stream.why;
    if (list.tick >= seconds || stream.is === "lost") done.abort();
  });
  await follow(client, state, done.signal);
  if (lost === "") return state;
  throw new StartError(`Lost ${client.address.name}: ${lost}`);
}

/** As in answers of the API, unknown values are null. */
function describePicture(picture: Picture, { address }: AdminClient): unknown {
  const { at, open, rates, share, status, talkers, tunnels } = picture;
  const { down, opened, up } = rates;
  return {
    at: new Date(at).toISOString(),
    admin: address.name,
    status,
    rates: { up: Math.round(up), down: Math.round(down), opened },
    failureShare: share ?? null,
    talkers: talkers.answer?.talkers ?? null,
    open,
    matching: tunnels.length,
    tunnels: tunnels.map(listed),
  };
}

function listed(one: PicturedTunnel): ListedTunnel {
  const { ageMs, down, received, sent, tunnel, up } = one;
  return {
    ...tunnel,
    ...{ ageMs, sent, received },
    sentRate: Math.round(up),
    receivedRate: Math.round(down),
  };
}

function listPicture(
  picture: Picture,
  { address, view }: Pick<Frame, "address" | "view">,
): string[] {
  const columns = (terminalSize()?.columns ?? USUAL_COLUMNS + 1) - 1;
  const size = { columns, rows: 0 };
  const frame = { picture, view, size, address, isStyled: false };
  return [
    ...drawHeader(frame).map((line) => line.trimEnd()),
    "",
    ...tunnelLines(frame),
  ];
}
