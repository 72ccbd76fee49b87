import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';

export interface Cursor {
  id: string | undefined;
  move: (by: number) => void;
  point: (id: string) => void;
  /** After an act that changed the list: where what had the focus is gone, its row has it, or the heading of the page. */
  settle: () => void;
}

/** The row that the keys are about. It follows the focus, and the focus follows it: rows have `data-id`. */
export function useCursor(ids: readonly string[], list: RefObject<HTMLElement | null>): Cursor {
  const [id, setId] = useState<string | undefined>(undefined);
  const here = id === undefined ? -1 : ids.indexOf(id);
  return {
    id: here < 0 ? undefined : id,
    point: setId,
    settle: () => requestAnimationFrame(() => {
      if (document.activeElement !== document.body && document.activeElement !== null) return;
      const row = id === undefined ? null : list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] a`);
      (row ?? document.querySelector<HTMLElement>('main h1'))?.focus({ preventScroll: row === null });
    }),
    move: (by) => {
      if (ids.length === 0) return;
      const next = here < 0 ? (by > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, here + by));
      const to = ids[next];
      if (to === undefined) return;
      setId(to);
      const row = list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(to)}"]`);
      row?.querySelector<HTMLElement>('a, button')?.focus();
      row?.scrollIntoView({ block: 'nearest' });
    },
  };
}
