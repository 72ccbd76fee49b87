// What needs an operator's attention, from figures alone, each with what to do next.
import { type Row, type Status, text } from '../net/control';
import type { Key } from '../words/words';

export type Light = 'good' | 'look' | 'bad';

export interface Notice {
  id: Key;
  next: Key;
  light: Light;
  n: number;
  /** The page where it is done. */
  to?: string;
}

interface Watch { id: Key; next: Key; light: Light; to?: string; count: (of: (name: string) => number, status: Status, agencies: readonly Row[]) => number }

const percent = (part: number, whole: number) => (whole === 0 ? 100 : Math.floor((100 * part) / whole));
const rhythm = (agencies: readonly Row[], name: string) => agencies.filter((row) => text(row, 'rhythm') === name && row['silencedUntilMs'] === undefined).length;

const WATCHED: readonly Watch[] = [
  { id: 'light.not_serving', next: 'light.not_serving_next', light: 'bad', count: (_, status) => (status.texts['state'] === 'serving' ? 0 : 1) },
  { id: 'light.store_full', next: 'light.store_full_next', light: 'bad', count: (of) => of('refusedStoreFull') },
  { id: 'light.disk_bad', next: 'light.disk_next', light: 'bad', count: (of) => (percent(of('diskFreeBytes'), of('diskBytes')) < 5 ? 1 : 0) },
  { id: 'light.disk_low', next: 'light.disk_next', light: 'look', count: (of) => (percent(of('diskFreeBytes'), of('diskBytes')) >= 5 && percent(of('diskFreeBytes'), of('diskBytes')) < 15 ? 1 : 0) },
  { id: 'light.checkpoints', next: 'light.checkpoints_next', light: 'bad', count: (of) => of('checkpointFailures') },
  { id: 'light.erasure', next: 'light.erasure_next', light: 'bad', count: (of) => of('erasureFailed') },
  { id: 'light.backup', next: 'light.backup_next', light: 'look', count: (of) => of('backupStale') },
  { id: 'light.quiet', next: 'light.quiet_next', light: 'bad', to: '/instanties', count: (_, __, agencies) => rhythm(agencies, 'quiet') },
  { id: 'light.slow', next: 'light.slow_next', light: 'look', to: '/instanties', count: (_, __, agencies) => rhythm(agencies, 'slow') },
  { id: 'light.convenants', next: 'light.convenants_next', light: 'bad', to: '/instanties', count: (of) => of('convenantsEnded') },
  { id: 'light.unassigned', next: 'light.unassigned_next', light: 'look', count: (of) => of('casesUnassigned') },
  { id: 'light.overdue', next: 'light.overdue_next', light: 'look', count: (of) => of('overdue') },
  { id: 'light.proposals', next: 'light.proposals_next', light: 'look', to: '/voorstellen', count: (of) => of('proposalsOpen') },
  { id: 'light.paused', next: 'light.paused_next', light: 'look', to: '/pauzes', count: (of) => of('pausedRules') + of('silencedAgencies') },
  { id: 'light.keys', next: 'light.keys_next', light: 'look', to: '/sleutels', count: (of) => of('keysExpiring') },
  { id: 'light.rotation', next: 'light.rotation_next', light: 'look', count: (of) => of('rotationRunning') },
  { id: 'light.guards', next: 'light.guards_next', light: 'look', count: (of) => of('guardsReached') },
];

/** The worst first. */
export function notices(status: Status, agencies: readonly Row[]): Notice[] {
  const of = (name: string) => status.counters[name] ?? 0;
  const found = WATCHED.map(({ count, ...rest }) => ({ ...rest, n: count(of, status, agencies) })).filter(({ n }) => n > 0);
  return [...found.filter(({ light }) => light === 'bad'), ...found.filter(({ light }) => light === 'look')];
}
