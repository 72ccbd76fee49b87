// The inbox in four groups: what asks for a decision, what is mine to do, what others must do first, what can be closed.
import { instant } from '../words/dates';
import type { CaseSummary, Goal } from '../net/shapes';

export const GROUPS = ['new', 'mine', 'waiting', 'close'] as const;
export type Group = (typeof GROUPS)[number];

export const GOAL_STATES = ['open', 'doing', 'reached', 'dropped'] as const;

/** Nothing more is to be done for it. */
export function goalOver(goal: Goal): boolean {
  return goal.state === 'reached' || goal.state === 'dropped';
}

/** Is it this regisseur who sees to it? The plan names them by id, or by the word for their role. */
export function goalMine(goal: Goal, me: string): boolean {
  const owner = goal.owner.trim().toLowerCase();
  return owner === me.toLowerCase() || owner === 'regisseur';
}

export interface Item {
  summary: CaseSummary;
  goals: readonly Goal[];
}

/** Which group a case is in, for this regisseur; undefined where it is none of theirs. */
export function groupOf({ summary, goals }: Item, me: string): Group | undefined {
  if (summary.handoverTo === me && summary.regisseur !== me) return 'new';
  if (summary.regisseur !== me) return undefined;
  if (summary.state === 'offered') return 'new';
  if (summary.state !== 'active') return undefined;
  if (summary.handoverTo !== undefined) return 'waiting';
  const left = goals.filter((goal) => !goalOver(goal));
  if (goals.length > 0 && left.length === 0) return 'close';
  return left.length > 0 && left.every((goal) => !goalMine(goal, me)) ? 'waiting' : 'mine';
}

const RANK: Record<string, number> = { urgent: 0, high: 1, normal: 2 };

/** The nearest date that something is due, of goals that are not over. */
export function nextDue(goals: readonly Goal[]): number | undefined {
  const dues = goals.filter((goal) => !goalOver(goal)).map((goal) => instant(goal.due)).filter((ms) => ms !== undefined);
  return dues.length === 0 ? undefined : Math.min(...dues);
}

/** What runs out first comes first; then what is more urgent; then what is older. */
export function order(a: Item, b: Item): number {
  const due = (item: Item) => instant(item.summary.acceptBy) ?? nextDue(item.goals) ?? Number.MAX_SAFE_INTEGER;
  return due(a) - due(b)
    || (RANK[a.summary.priority] ?? 3) - (RANK[b.summary.priority] ?? 3)
    || (instant(a.summary.since) ?? 0) - (instant(b.summary.since) ?? 0)
    || Number(a.summary.id.slice(1)) - Number(b.summary.id.slice(1));
}

export function grouped(items: readonly Item[], me: string): Record<Group, Item[]> {
  const groups: Record<Group, Item[]> = { new: [], mine: [], waiting: [], close: [] };
  for (const item of items) {
    const group = groupOf(item, me);
    if (group !== undefined) groups[group].push(item);
  }
  for (const group of GROUPS) groups[group].sort(order);
  return groups;
}
