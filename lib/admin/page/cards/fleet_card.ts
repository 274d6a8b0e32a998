/**
 * The nodes of the fleet, and which of them the page shows.
 *
 * @module
 */

import type { NodeStatus } from "../../api.ts";
import { type Api, ApiError } from "../../client/api.ts";
import {
  formatCount,
  formatElapsed,
  formatRate,
  formatShare,
  NOTHING,
} from "../../client/format.ts";
import { MOST_OF_NODE } from "../../client/follow_node.ts";
import { byId, setAttribute, setText } from "../base/element.ts";
import { buttonHeading, cell } from "./cells.ts";
import { ShortTable } from "./short_table.ts";

/** Most nodes drawn; the rest is only counted. */
const MOST_NODES = 100;

/** The card. */
export class FleetCard {
  readonly #api: Api;
  readonly #onChoose: () => void;
  readonly #table: ShortTable<NodeStatus>;
  #own = "";
  #nodes: readonly NodeStatus[] = [];
  #isAsking = false;

  /**
   * Connects the elements.
   *
   * @param api Its node is the chosen one.
   * @param onChoose Called when the person has chosen another node.
   */
  constructor(api: Api, onChoose: () => void) {
    this.#api = api;
    this.#onChoose = onChoose;
    this.#table = this.#createTable();
    byId("fleet-back", HTMLButtonElement)
      .addEventListener("click", () => this.#choose(this.#own));
  }

  /** Asks for the nodes; a server without a fleet has no card. */
  async poll(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const { node, nodes, role } = await this.#api.call("GET /api/fleet");
      this.#own = node;
      this.#nodes = nodes;
      setAttribute(document.documentElement, "data-role", role);
      this.#show();
    } catch (error) {
      const isNone = error instanceof ApiError && error.status === 404;
      if (isNone) return;
      setText(
        byId("fleet-about", HTMLElement),
        "The nodes cannot be asked for at the moment.",
      );
    } finally {
      this.#isAsking = false;
    }
  }

  #choose(node: string): void {
    const chosen = node === this.#own ? undefined : node;
    if (chosen === this.#api.node) return;
    this.#api.node = chosen;
    const { documentElement } = document;
    if (chosen === undefined) documentElement.removeAttribute("data-node");
    else setAttribute(documentElement, "data-node", chosen);
    this.#show();
    this.#onChoose();
  }

  #show(): void {
    const { node } = this.#api;
    this.#table.show(this.#nodes);
    const back = byId("fleet-back", HTMLButtonElement);
    back.hidden = node === undefined;
    setText(back, `Back to ${this.#own}`);
    setText(
      byId("fleet-about", HTMLElement),
      node === undefined
        ? "Choose a node to see its connections."
        : `This page shows node ${node}: at most ${
          formatCount(MOST_OF_NODE)
        } of its open tunnels, every 2 s.`,
    );
  }

  #createTable(): ShortTable<NodeStatus> {
    return new ShortTable({
      name: "fleet",
      most: MOST_NODES,
      keyOf: ({ id }) => id,
      createRow: () => {
        let shown: NodeStatus;
        const [name, showName] = buttonHeading(() => this.#choose(shown.node));
        const [state, showState] = cell();
        const [version, showVersion] = cell();
        const texts = Array.from({ length: 5 }, () => cell("number"));
        const button = name.querySelector("button")!;
        return {
          cells: [name, state, version, ...texts.map(([made]) => made)],
          show: (node) => {
            shown = node;
            showName(node.node);
            showState(stateOf(node));
            state.className = node.isLost
              ? "lost"
              : node.isDraining
              ? "draining"
              : "";
            showVersion(node.version);
            const values = valuesOf(node);
            texts.forEach(([, show], index) => show(values[index]!));
            const chosen = this.#api.node ?? this.#own;
            setAttribute(button, "aria-pressed", `${node.node === chosen}`);
            button.disabled = !isChoosable(node) && node.node !== this.#own;
          },
        };
      },
    });
  }
}

function isChoosable({ isAnswering, isLost }: NodeStatus): boolean {
  return isAnswering && !isLost;
}

function stateOf(
  { isAnswering, isDraining, isLost, role, silentMs }: NodeStatus,
): string {
  if (isLost) return `Lost for ${formatElapsed(silentMs)}`;
  if (isDraining) return "Draining";
  if (role === "observer") return "Observes";
  return isAnswering ? "Serves" : "Serves, no admin listener";
}

/** Up for, load, open, up and down. */
function valuesOf({ down, load, open, startedAt, up }: NodeStatus): string[] {
  const rate = (bytes: number | undefined) =>
    bytes === undefined ? NOTHING : formatRate(bytes);
  return [
    formatElapsed(Math.max(0, Date.now() - Date.parse(startedAt))),
    formatShare(load),
    formatCount(open),
    rate(up),
    rate(down),
  ];
}
