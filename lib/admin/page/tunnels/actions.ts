/**
 * A person's actions on tunnels: show everything about one, end one or many,
 * ban a client, copy a rule, save the filtered list.
 *
 * @module
 */

import { formatTerm } from "../../filter.ts";
import type { ClosedTunnel } from "../../api.ts";
import { copy } from "../base/clipboard.ts";
import { ask, type ChoiceContent, choose } from "../base/dialogs.ts";
import { make } from "../base/element.ts";
import { formatCount, formatNumberOf } from "../../client/format.ts";
import { notify, notifyFailure } from "../base/notices.ts";
import type { Api } from "../../client/api.ts";
import { addressOf, ruleOf } from "./rule_of.ts";
import { describeClosed, describeOpen } from "../../client/tunnel_facts.ts";
import type { Row } from "../../client/row.ts";
import type { TunnelList } from "../../client/tunnel_list.ts";

/** Milliseconds to wait for a file. */
const EXPORT_PATIENCE = 120_000;

/** Durations of a ban, by choice. */
const BANS = { "10m": "10 minutes", "1h": "1 hour", "24h": "1 day" } as const;

/** The further actions in the dialog of a tunnel. */
type Choice = "client" | "user" | "rule" | "ban";

/** Options of the actions. */
export interface TunnelActionsOptions {
  /** Calls of the server. */
  api: Api;
  /** The tunnels. */
  list: TunnelList;
  /** Called with a filter that the person wants to see. */
  onFilter(filter: string): void;
  /** Called when a client is banned. */
  onBan(): void;
}

/** The actions. */
export class TunnelActions {
  readonly #options: TunnelActionsOptions;

  /** Creates them. */
  constructor(options: TunnelActionsOptions) {
    this.#options = options;
  }

  /** Shows everything about an open tunnel, with the possible actions. */
  async show(row: Row): Promise<void> {
    const { id } = row.tunnel;
    const chosen = await choose<Choice>({
      title: `Tunnel ${id}${this.#options.api.where}`,
      facts: describeOpen(row, this.#options.list),
      choices: choicesOf(row),
      action: "Kill",
      isPossible: () => isKillable(row),
      cancel: "Close",
    });
    if (chosen === "yes") await this.#kill(id);
    else await this.#do(chosen, row);
  }

  /** Shows everything about an ended tunnel. */
  async showClosed(row: Row<ClosedTunnel>): Promise<void> {
    const chosen = await choose<Choice>({
      title: `Tunnel ${row.tunnel.id}, ended`,
      facts: describeClosed(row.tunnel),
      choices: choicesOf(row),
      cancel: "Close",
    });
    await this.#do(chosen, row);
  }

  /**
   * Ends a tunnel after confirmation; if it has already ended, only shows it.
   */
  async kill(row: Row): Promise<void> {
    if (!isKillable(row)) return await this.show(row);
    const { id } = row.tunnel;
    const isMeant = await ask({
      title: `Kill tunnel ${id}${this.#options.api.where}?`,
      text: "Both of its sides see the end at once.",
      facts: describeOpen(row, this.#options.list),
      action: "Kill",
      isPossible: () => isKillable(row),
    });
    if (isMeant) await this.#kill(id);
  }

  /** Ends all tunnels that match a filter, after one confirmation. */
  async killAll(filter: string): Promise<void> {
    const query = `filter=${encodeURIComponent(filter)}`;
    try {
      const { matching } = await this.#options.api.call(
        `GET /api/tunnels?${query}&limit=0`,
      );
      if (matching === 0) return notify("No open tunnel matches the filter");
      const count = formatNumberOf(matching, "tunnel");
      const isMeant = await ask({
        title: `Kill ${count}${this.#options.api.where}?`,
        text: `All that match ${filter} end at once. If more match then, ` +
          "none ends.",
        action: `Kill ${formatCount(matching)}`,
      });
      if (!isMeant) return;
      const { ended } = await this.#options.api.call(
        `DELETE /api/tunnels?${query}&expect=${matching}`,
      );
      notify(`Killed ${formatNumberOf(ended, "tunnel")}`);
    } catch (error) {
      notifyFailure("Cannot kill these tunnels", error);
    }
  }

  /** Saves the filtered list as a file. */
  async save(
    list: "tunnels" | "closed",
    format: "csv" | "json",
    filter: string,
  ): Promise<void> {
    const query = new URLSearchParams({ list, format, filter });
    try {
      const response = await this.#options.api.open(`api/export?${query}`, {
        limit: () => AbortSignal.timeout(EXPORT_PATIENCE),
      });
      const url = URL.createObjectURL(await response.blob());
      make("a", { attributes: { href: url, download: `${list}.${format}` } })
        .click();
      // The browser must have started to read it before.
      setTimeout(() => URL.revokeObjectURL(url), EXPORT_PATIENCE);
    } catch (error) {
      notifyFailure("Cannot save the list", error);
    }
  }

  async #do(
    chosen: Choice | "yes" | undefined,
    { tunnel }: Pick<Row, "tunnel">,
  ): Promise<void> {
    const { onFilter } = this.#options;
    const client = addressOf(tunnel.client);
    if (chosen === "client") onFilter(formatTerm("client", client));
    else if (chosen === "user") onFilter(formatTerm("user", tunnel.user ?? ""));
    else if (chosen === "rule") await copy(ruleOf(tunnel)!, "the rule");
    else if (chosen === "ban") await this.#ban(client);
  }

  async #kill(id: number): Promise<void> {
    try {
      await this.#options.api.call(`DELETE /api/tunnels/${id}`);
      notify(`Killed tunnel ${id}`);
    } catch (error) {
      notifyFailure(`Cannot kill tunnel ${id}`, error);
    }
  }

  async #ban(client: string): Promise<void> {
    const question: ChoiceContent<keyof typeof BANS> = {
      title: `Ban ${client}${this.#options.api.where}?`,
      text: "Every listener refuses it, and its open tunnels end. " +
        "You can lift the ban on this page. For how long?",
      choices: BANS,
    };
    const time = await choose(question);
    if (time === undefined || time === "yes") return;
    try {
      const { ban, ended } = await this.#options.api.call(
        `POST /api/bans?client=${encodeURIComponent(client)}&for=${time}`,
      );
      const tunnels = formatNumberOf(ended, "tunnel");
      notify(`Banned ${ban.key} for ${BANS[time]}, and ended ${tunnels}`);
      this.#options.onBan();
    } catch (error) {
      notifyFailure(`Cannot ban ${client}`, error);
    }
  }
}

/**
 * A tunnel that is already ending, or whose server is lost, cannot be ended.
 */
function isKillable(row: Row): boolean {
  const { live } = document.documentElement.dataset;
  return row.isAlive && live !== "lost" && !isOnlyWatching();
}

/** An observer of a fleet does nothing to other nodes. */
function isOnlyWatching(): boolean {
  const { node, role } = document.documentElement.dataset;
  return role === "observer" && node !== undefined;
}

/** Bans hold on all nodes of a fleet. */
function mayBan(): boolean {
  return document.documentElement.dataset["role"] !== "observer";
}

function choicesOf(
  { tunnel }: Pick<Row, "tunnel">,
): Partial<Record<Choice, string>> {
  const { client, user } = tunnel;
  const address = addressOf(client);
  return {
    client: `All from ${address}`,
    ...(user === undefined ? {} : { user: `All of ${user}` }),
    ...(ruleOf(tunnel) === undefined ? {} : { rule: "Copy as a rule" }),
    ...(address === "unix" || !mayBan() ? {} : { ban: "Ban the client…" }),
  };
}
