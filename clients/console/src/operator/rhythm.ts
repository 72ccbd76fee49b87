// Whether an agency sends as it always did, and what of it was refused: sentences made of the figures of its row.
import { type Row, number, text, time } from '../net/control';
import { moment, relative } from '../words/dates';
import { count, known, t } from '../words/words';
import type { Shade } from '../parts/badge';

/** As many as these would have come in a silence: then it is called slow, and quiet (protocol.md 7.8). */
export const SLOW = 3;
export const QUIET = 7;

export type Rhythm = 'quiet' | 'slow' | 'usual' | 'learning';
const RANK: Record<Rhythm, number> = { quiet: 0, slow: 1, usual: 2, learning: 3 };
export const SHADES: Record<Rhythm, Shade> = { quiet: 'negative', slow: 'warning', usual: 'positive', learning: 'neutral' };

export function rhythmOf(row: Row): Rhythm {
  const told = text(row, 'rhythm');
  return told === 'quiet' || told === 'slow' || told === 'learning' ? told : 'usual';
}

export const silenced = (row: Row, now: number): boolean => number(row, 'silencedUntilMs') > now;
export const convenantEnded = (row: Row): boolean => row['convenantHolds'] === 0;

/** What needs attention first, then by name. */
export function byNeed(rows: readonly Row[]): Row[] {
  const need = (row: Row) => RANK[rhythmOf(row)] * 2 - (convenantEnded(row) ? 1 : 0);
  return rows.filter((row) => row.row === 'agency').sort((a, b) => need(a) - need(b) || (text(a, 'agency') < text(b, 'agency') ? -1 : 1));
}

/** How many would have come since the last one, as it used to be; undefined where that is not known. */
export function expected(row: Row): number | undefined {
  return row['expectedPermille'] === undefined ? undefined : number(row, 'expectedPermille') / 1000;
}

/** Since when it is still, and from when on that is said to be quiet. */
export function silence(row: Row, now: number): string {
  const last = time(row, 'lastMs');
  if (last === undefined) return t('rhythm.never');
  const rhythm = rhythmOf(row);
  const since = t('rhythm.last', { when: moment(last), ago: relative(last, now) });
  if (rhythm === 'learning') return `${since} ${t('rhythm.learning_weeks', { weeks: 2 })}`;
  const would = expected(row);
  if (would === undefined) return since;
  const much = would < 1 ? t('rhythm.less_than_one') : t('rhythm.would', { n: count(Math.round(would)) });
  return `${since} ${much} ${t(`rhythm.said_${rhythm}`, { slow: SLOW, quiet: QUIET })}`;
}

export interface Refusals { code: string; n: number }

const OTHERS = new Set(['refused', 'duplicates']);

/** `badBsn` as `bad_bsn`. */
const codeOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What was refused in the last day, by code: the most first. */
export function refusals(row: Row): Refusals[] {
  return Object.entries(row).flatMap(([name, n]) => (typeof n === 'number' && n > 0 && !OTHERS.has(name) && known('refused', codeOf(name)) ? [{ code: codeOf(name), n }] : []))
    .sort((a, b) => b.n - a.n || (a.code < b.code ? -1 : 1));
}
