/**
 * Draws the lines above every panel.
 *
 * @module
 */

import { styled } from "../../cli/layout.ts";
import {
  formatCount,
  formatCountdown,
  formatElapsed,
  formatFrequency,
  formatRate,
  formatShare,
} from "../../admin/client/format.ts";
import type { Drain, ListenerStatus } from "../../admin/api.ts";
import { drawLine } from "./line.ts";
import { fillCell, widthOf } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";
import type { Picture } from "../picture.ts";

/** Gap between two figures of a line. */
const BETWEEN = "   ";

/**
 * Draws the lines about the server.
 *
 * @returns As many lines as {@linkcode HEADER_LINES}.
 */
export function drawHeader(frame: Frame): string[] {
  const { address, isStyled, picture, size } = frame;
  const { status } = picture;
  const [state, isAlarm] = describeState(frame);
  const title = status === undefined ? "Sluice" : `Sluice ${status.version}`;
  const left = [
    title,
    ...placeOf(status),
    address,
    ...status === undefined ? [] : [`up ${formatElapsed(status.uptimeMs)}`],
  ].join(BETWEEN);
  const room = Math.max(0, size.columns - widthOf(state) - BETWEEN.length);
  const first = styled(fillCell(left, room), "bold", isStyled) + BETWEEN +
    styled(state, isAlarm ? "alarm" : "faint", isStyled);
  return [
    room === 0 ? drawLine(frame, state) : first,
    drawLine(frame, describeTraffic(picture)),
    drawThird(frame),
  ];
}

/** The machine, and its node name in a fleet. */
function placeOf(status: Picture["status"]): string[] {
  return [status?.host, status?.node].filter((name) => name != null);
}

/** Number of lines of {@linkcode drawHeader}. */
export const HEADER_LINES = 3;

function describeState({ picture, view }: Frame): [string, boolean] {
  const { at, status, stream } = picture;
  if (stream.is === "lost") {
    const seconds = Math.max(0, Math.ceil((stream.retryAt - at) / 1000));
    const what = stream.hasEnded ? "ended" : "lost";
    return [`${what}, trying again in ${seconds}s`, true];
  }
  if (stream.is === "connecting") return ["connecting", status !== undefined];
  return view.isPaused ? ["paused", true] : ["live", false];
}

function describeTraffic({ rates, share, status }: Picture): string {
  if (status === undefined) return "";
  return [
    `Open ${formatCount(status.open)}`,
    `new ${formatFrequency(rates.opened)}/s`,
    `up ${formatRate(rates.up)}`,
    `down ${formatRate(rates.down)}`,
    ...share === undefined ? [] : [`failed ${formatShare(share)} (5m)`],
  ].join(BETWEEN);
}

function drawThird(frame: Frame): string {
  const { at, status, stream } = frame.picture;
  if (stream.is === "lost") {
    const text = stream.hasEnded ? "Sluice has ended" : `Lost: ${stream.why}`;
    return drawLine(frame, text, "alarm");
  }
  if (status === undefined) return "";
  if (status.draining !== false) {
    return drawLine(frame, describeDrain(status.draining, at), "warning");
  }
  return drawLine(frame, describeListeners(status.listeners));
}

function describeDrain({ open, until }: Drain, at: number): string {
  const left = `Draining: ${formatCount(open)} open`;
  return until === null
    ? `${left}, no time limit`
    : `${left}, the rest is cut in ${formatCountdown(Date.parse(until) - at)}`;
}

function describeListeners(listeners: readonly ListenerStatus[]): string {
  const names = listeners.map(({ kind, name }) => `${kind} ${name}`);
  return `Listening: ${names.join(", ")}`;
}
