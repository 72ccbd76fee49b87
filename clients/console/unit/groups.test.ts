import { describe, expect, test } from 'vitest';
import type { CaseSummary, Goal } from '../src/net/shapes';
import { type Item, groupOf, grouped } from '../src/regisseur/groups';

const summary = (more: Partial<CaseSummary> = {}): CaseSummary => ({
  id: 'C1', state: 'active', priority: 'normal', revision: 1, regisseur: 'r-anna', rules: ['three'], planRevision: 0, ...more,
});
const goal = (state: string, owner: string, due = '2026-05-01T00:00:00.000Z'): Goal => ({ domain: 'housing', text: 'rust', owner, due, state });

describe('a case is in the group that says whose turn it is', () => {
  const rows: [string, Partial<CaseSummary>, Goal[], string | undefined][] = [
    ['offered to me', { state: 'offered' }, [], 'new'],
    ['its hand-over is offered to me', { regisseur: 'r-bram', handoverTo: 'r-anna' }, [], 'new'],
    ['mine, without a plan', {}, [], 'mine'],
    ['mine, with a goal of mine', {}, [goal('open', 'r-anna'), goal('open', 'school')], 'mine'],
    ['mine, named by the role', {}, [goal('doing', 'Regisseur')], 'mine'],
    ['every open goal is for others', {}, [goal('reached', 'r-anna'), goal('open', 'school')], 'waiting'],
    ['I offered the hand-over', { handoverTo: 'r-bram' }, [goal('open', 'r-anna')], 'waiting'],
    ['all goals are over', {}, [goal('reached', 'r-anna'), goal('dropped', 'school')], 'close'],
    ['of somebody else', { regisseur: 'r-bram' }, [], undefined],
    ['over', { state: 'closed' }, [], undefined],
    ['nobody has it', { state: 'unassigned', regisseur: null }, [], undefined],
  ];
  test.each(rows)('%s', (_, more, goals, group) => {
    expect(groupOf({ summary: summary(more), goals }, 'r-anna')).toBe(group);
  });
});

test('what runs out first is first, then what is more urgent, then what is older, then the lower number', () => {
  const item = (id: string, more: Partial<CaseSummary>): Item => ({ summary: summary({ id, state: 'offered', ...more }), goals: [] });
  const items = [
    item('C10', { since: '2026-01-02T00:00:00.000Z' }),
    item('C9', { since: '2026-01-02T00:00:00.000Z' }),
    item('C3', { since: '2026-01-01T00:00:00.000Z' }),
    item('C2', { priority: 'urgent', since: '2026-01-03T00:00:00.000Z' }),
    item('C1', { acceptBy: '2026-01-04T00:00:00.000Z' }),
  ];
  expect(grouped(items, 'r-anna').new.map((found) => found.summary.id)).toEqual(['C1', 'C2', 'C3', 'C9', 'C10']);
});
