import type { ComponentChildren } from 'preact';
import type { CaseState, Priority } from '../net/shapes';
import { word } from '../words/words';

export type Shade = 'neutral' | 'info' | 'positive' | 'warning' | 'negative';

export function Badge({ shade = 'neutral', children }: { shade?: Shade; children: ComponentChildren }) {
  return <span class={`utrecht-badge-status badge badge--${shade}`}>{children}</span>;
}

const STATES: Record<string, Shade> = {
  unassigned: 'warning', offered: 'info', active: 'positive', closed: 'neutral', dismissed: 'neutral', retracted: 'neutral', merged: 'neutral',
};
const PRIORITIES: Record<string, Shade> = { urgent: 'negative', high: 'warning', normal: 'neutral' };

export function StateBadge({ state }: { state: CaseState }) {
  return <Badge shade={STATES[state] ?? 'neutral'}>{word('state', state)}</Badge>;
}

export function PriorityBadge({ priority }: { priority: Priority }) {
  return <Badge shade={PRIORITIES[priority] ?? 'neutral'}>{word('priority', priority)}</Badge>;
}
