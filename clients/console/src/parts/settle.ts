// A list that does not move while somebody works in it. What is on the screen stays where it is, with its newest facts; what
// came is counted, and shown when the reader asks for it; what went stays, and says so.
import { useRef, useState } from 'preact/hooks';

export interface Row<T> {
  id: string;
  section: string;
  value: T;
  /** It is no longer in the list, or belongs in another section by now. */
  gone: boolean;
}

export interface Settled<T> {
  rows: Row<T>[];
  /** How many there are that are not shown, or are in the wrong place. */
  waiting: number;
}

export interface Entry<T> { id: string; section: string; value: T }

/** The shown rows with what is known now. `shown` undefined: nothing is shown yet. */
export function settle<T>(shown: readonly Row<T>[] | undefined, now: readonly Entry<T>[]): Settled<T> {
  const standing = shown?.some((row) => !row.gone) === true;
  // Nothing there that could move: all of it is shown.
  if (shown === undefined || !standing) return { rows: now.map((entry) => ({ ...entry, gone: false })), waiting: 0 };
  const fresh = new Map(now.map((entry) => [entry.id, entry]));
  const rows = shown.map((row) => {
    const entry = fresh.get(row.id);
    if (entry === undefined) return { ...row, gone: true };
    return { ...row, value: entry.value, gone: entry.section !== row.section };
  });
  const seen = new Set(shown.map((row) => row.id));
  return { rows, waiting: now.filter((entry) => !seen.has(entry.id)).length };
}

/** The same over time. `show` puts all of it in order; call it when the reader asked, or did something themselves. */
export function useSettled<T>(entries: readonly Entry<T>[] | undefined): Settled<T> & { show: () => void; fresh: boolean } {
  const rows = useRef<Row<T>[] | undefined>(undefined);
  const asked = useRef(false);
  const [, turn] = useState(0);
  if (entries === undefined) return { rows: [], waiting: 0, fresh: true, show: () => undefined };
  const settled = settle(asked.current ? undefined : rows.current, entries);
  asked.current = false;
  rows.current = settled.rows;
  return {
    ...settled,
    fresh: false,
    show: () => {
      asked.current = true;
      turn((n) => n + 1);
    },
  };
}
