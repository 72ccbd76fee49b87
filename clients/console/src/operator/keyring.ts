// The keys of parties, by what there is to do: decide, replace in time, nothing, and those that are over.
import { type Row, number, text, time } from '../net/control';
import type { Shade } from '../parts/badge';

export type KeySection = 'proposed' | 'expiring' | 'valid' | 'ended';
export const SECTIONS: readonly KeySection[] = ['proposed', 'expiring', 'valid', 'ended'];

export function sectionOf(row: Row): KeySection {
  const state = text(row, 'state');
  return state === 'proposed' || state === 'expiring' || state === 'valid' ? state : 'ended';
}

/** It lets somebody in, or will if somebody says yes. */
export const standing = (row: Row): boolean => sectionOf(row) !== 'ended';

export const KEY_SHADES: Record<string, Shade> = { proposed: 'warning', expiring: 'warning', valid: 'positive', expired: 'neutral', revoked: 'negative', refused: 'neutral' };

/** What is to be decided first, then what ends next; those that are over the newest first. */
export function ordered(rows: readonly Row[]): Row[] {
  const end = (row: Row) => time(row, 'untilMs') ?? Infinity;
  const past = (row: Row) => Math.max(number(row, 'endedMs'), time(row, 'untilMs') ?? 0);
  return rows.filter((row) => row.row === 'key').sort((a, b) => {
    const section = SECTIONS.indexOf(sectionOf(a)) - SECTIONS.indexOf(sectionOf(b));
    if (section !== 0) return section;
    const by = sectionOf(a) === 'ended' ? past(b) - past(a) : end(a) - end(b);
    return Number.isNaN(by) || by === 0 ? (text(a, 'party') < text(b, 'party') ? -1 : 1) : by;
  });
}

const Z85 = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;

export const isKey = (value: string): boolean => Z85.test(value.trim());

/** Whose keys another operator has to approve. */
export const needsTwo = (kind: string): boolean => kind === 'operator' || kind === 'privacy_officer' || kind === 'auditor';
