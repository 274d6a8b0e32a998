/**
 * The card "Top talkers": users, clients, targets or rules with the most bytes
 * or connections.
 *
 * @module
 */

import type { TalkersAnswer } from "../../api.ts";
import { type Dimension, DIMENSIONS } from "../../client/dimensions.ts";
import { formatKeyTerm } from "../../filter.ts";
import { Choice } from "../base/choice.ts";
import { byId, setText } from "../base/element.ts";
import { formatCount } from "../../client/format.ts";
import { formatBytes } from "../../../observe/format_bytes.ts";
import { barCell, buttonHeading, cell } from "./cells.ts";
import { ShortTable } from "./short_table.ts";

const ORDERS = ["bytes", "connections"] as const;

type Talker = TalkersAnswer["talkers"][number];

/** Number of talkers to request. */
const MOST = 8;

/** Options of the card. */
export interface TalkersOptions {
  /** Called with a filter for a chosen talker. */
  onFilter(filter: string): void;
  /** Called when the person wants other talkers. */
  onChange(): void;
}

/** The card. */
export class TalkersCard {
  readonly #by: Choice<Dimension>;
  readonly #order: Choice<typeof ORDERS[number]>;
  readonly #table: ShortTable<Talker & { share: number }>;
  /**
   * Whether the person has chosen a kind. Until then, clients are shown if
   * there are no users.
   */
  #isChosen = false;
  #onChange: () => void;

  /** Connects the elements. */
  constructor({ onChange, onFilter }: TalkersOptions) {
    this.#onChange = onChange;
    this.#by = new Choice("talkers-by", DIMENSIONS, () => {
      this.#isChosen = true;
      onChange();
    });
    this.#order = new Choice("talkers-order", ORDERS, onChange);
    this.#table = talkerTable((key) => onFilter(formatKeyTerm(this.by, key)));
  }

  /** The filter field for the kind of talkers. */
  get by(): Dimension {
    return this.#by.value;
  }

  /** The query for the chosen talkers. */
  get query(): `by=${Dimension}&${string}` {
    return `by=${this.by}&order=${this.#order.value}&limit=${MOST}`;
  }

  /** Shows an answer to {@linkcode query}. */
  show({ bytes, connections, talkers }: TalkersAnswer): void {
    // Most local proxies have no users.
    if (talkers.length === 0 && connections > 0 && !this.#isChosen) {
      this.#isChosen = true;
      this.#by.value = "client";
      this.#onChange();
      return;
    }
    const order = this.#order.value;
    const total = Math.max(1, order === "bytes" ? bytes : connections);
    this.#table.show(
      talkers.map((one) => ({
        ...one,
        share: Math.min(1, one[order] / total),
      })),
    );
    const rest = {
      bytes: bytes - sum(talkers, "bytes"),
      connections: connections - sum(talkers, "connections"),
    };
    const others = byId("talkers-others", HTMLElement);
    others.hidden = talkers.length === 0 || rest[order] <= 0;
    setText(
      others,
      `All others: ${formatBytes(Math.max(0, rest.bytes))} in ${
        formatCount(Math.max(0, rest.connections))
      } connections`,
    );
  }
}

function talkerTable(
  onChoose: (key: string) => void,
): ShortTable<Talker & { share: number }> {
  return new ShortTable({
    name: "talkers",
    keyOf: ({ key }) => key,
    createRow() {
      let shown = "";
      const [key, showKey] = buttonHeading(() => onChoose(shown));
      const [bar, showShare] = barCell();
      const [bytes, showBytes] = cell("number");
      const [connections, showConnections] = cell("number");
      return {
        cells: [key, bar, bytes, connections],
        show(talker) {
          shown = talker.key;
          showKey(talker.key);
          showShare(talker.share);
          showBytes(
            formatRange(talker.bytes, talker.bytesError, formatBytes),
          );
          showConnections(
            formatRange(
              talker.connections,
              talker.connectionsError,
              formatCount,
            ),
          );
        },
      };
    },
  });
}

/** Formats the range of a figure: at least and at most. */
function formatRange(
  most: number,
  error: number,
  format: (value: number) => string,
): string {
  const [least, text] = [format(most - error), format(most)];
  return least === text ? text : `${least} to ${text}`;
}

function sum(
  talkers: readonly Talker[],
  name: "bytes" | "connections",
): number {
  return talkers.reduce((total, one) => total + one[name], 0);
}
