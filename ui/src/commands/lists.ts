/** Commands that choose what lists show, and pick from them. */
import type { QueueOrder } from "../backend";
import type { Key } from "../i18n";
import { board, SPANS } from "../state/board.svelte";
import { filterQueue, queue } from "../state/queue.svelte";
import { LISTED, review } from "../state/review.svelte";
import { clearSelection, selection, toggleRow } from "../state/selection.svelte";
import { STATES, STATE_TITLE } from "../shell/states";
import { NO_FILTER } from "../state/queue.svelte";
import { work } from "../state/work.svelte";
import type { Command } from "./command";

const ORDERS: Record<QueueOrder, Key> = {
  number: "queue.order_number", plan: "queue.order_plan", uncertainty: "queue.order_uncertainty", disagreement: "queue.order_disagreement",
  regression: "queue.order_regression",
};
const annotating = ["annotate"] as const;
const title = "actions.named";

const states: Command[] = [null, ...STATES].map((state) => ({
  id: `queue.state.${state ?? "all"}`, group: "work", title, keys: [], places: annotating,
  names: ["queue.filter", state === null ? "queue.all" : STATE_TITLE[state]],
  enabled: () => queue.now.filter.state !== state, run: () => filterQueue({ state }),
}));
const orders: Command[] = (Object.keys(ORDERS) as QueueOrder[]).map((order) => ({
  id: `queue.order.${order}`, group: "work", title, keys: [], places: annotating, names: ["queue.order", ORDERS[order]],
  enabled: () => (queue.now.filter.order ?? "number") !== order, run: () => filterQueue({ order }),
}));
const pick: Command = {
  id: "queue.pick", group: "work", title: "actions.pick", keys: [], places: annotating,
  enabled: () => queue.now.active >= 0, run: () => toggleRow(queue.now.active),
};
const unpick: Command = {
  id: "queue.unpick", group: "work", title: "actions.unpick", keys: [], places: annotating,
  enabled: () => selection.ids.size > 0, run: clearSelection,
};
const reviews: Command[] = LISTED.map((state) => ({
  id: `review.show.${state}`, group: "review", title, keys: [], places: ["review"], names: ["queue.filter", `review.states.${state}`],
  enabled: () => review.state !== state, run: () => review.show(state),
}));
const spans: Command[] = SPANS.map((count) => ({
  id: `board.span.${count}`, group: "view", title: "actions.span", values: { count }, keys: [], places: ["board"],
  enabled: () => board.days !== count, run: () => (board.days = count),
}));

export const listCommands: readonly Command[] = [...states, ...orders, pick, unpick, ...reviews, ...spans];

/** A command for each filter that somebody kept; they come and go. */
export function savedFilterCommands(): Command[] {
  return work.saved.map(({ id, name, filter }) => ({
    id: `queue.saved.${id}`, group: "work", title: "actions.saved_filter", values: { name }, keys: [], places: annotating,
    enabled: () => true, run: () => filterQueue({ ...NO_FILTER, ...filter }),
  }));
}
