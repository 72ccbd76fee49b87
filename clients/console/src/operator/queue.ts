// How far each mailbox is read, of three answers: what waits (the report), its numbers, and who is connected to read it.
import { type Row, number, text, time } from '../net/control';
import type { MailboxView, SessionView } from '../net/operate';

export interface Queue {
  /** KIND:ID. */
  party: string;
  kind: string;
  id: string;
  /** Messages that are not acknowledged, and since when the oldest waits. */
  waiting: number;
  since: number | undefined;
  acknowledged: number;
  newest: number;
  /** Sessions of that party with the broker. */
  readers: number;
  row: Row | undefined;
}

export const KINDS = ['regisseur', 'coordinator', 'service', 'agency', 'privacy_officer'] as const;
const DAY = 86_400_000;

export function queuesOf(rows: readonly Row[], mailboxes: readonly MailboxView[], sessions: readonly SessionView[]): Queue[] {
  const found = new Map<string, Queue>();
  const of = (kind: string, id: string): Queue => {
    const party = `${kind}:${id}`;
    const queue = found.get(party) ?? { party, kind, id, waiting: 0, since: undefined, acknowledged: 0, newest: 0, readers: 0, row: undefined };
    found.set(party, queue);
    return queue;
  };
  for (const row of rows) {
    if ((KINDS as readonly string[]).includes(row.row) && text(row, 'id') !== '') Object.assign(of(row.row, text(row, 'id')), { waiting: number(row, 'ready'), since: time(row, 'readySinceMs'), row });
  }
  for (const { party, acknowledged, newest } of mailboxes) Object.assign(of(party.kind, party.id), { acknowledged, newest });
  for (const { party } of sessions) {
    const queue = found.get(`${party.kind}:${party.id}`);
    if (queue !== undefined) queue.readers++;
  }
  const rank = (kind: string) => (KINDS as readonly string[]).indexOf(kind);
  return [...found.values()].filter(({ kind }) => rank(kind) >= 0).sort((a, b) => rank(a.kind) - rank(b.kind) || (a.id < b.id ? -1 : 1));
}

/** Something waits for longer than a day, and nobody is there to read it. */
export const stuck = (queue: Queue, now: number): boolean => queue.readers === 0 && queue.since !== undefined && now - queue.since > DAY;

export interface Sum { waiting: number; oldest: number | undefined; readers: number; stuck: number }

export function summed(queues: readonly Queue[], now: number): Sum {
  const sinces = queues.flatMap(({ since }) => (since === undefined ? [] : [since]));
  return {
    waiting: queues.reduce((sum, { waiting }) => sum + waiting, 0), oldest: sinces.length === 0 ? undefined : Math.min(...sinces),
    readers: queues.filter(({ readers }) => readers > 0).length, stuck: queues.filter((queue) => stuck(queue, now)).length,
  };
}
