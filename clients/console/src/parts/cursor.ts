import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';

/** The row that the keys are about. It follows the focus, and the focus follows it: rows have `data-id`. */
export function useCursor(ids: readonly string[], list: RefObject<HTMLElement | null>): { id: string | undefined; move: (by: number) => void; point: (id: string) => void } {
  const [id, setId] = useState<string | undefined>(undefined);
  const here = id === undefined ? -1 : ids.indexOf(id);
  return {
    id: here < 0 ? undefined : id,
    point: setId,
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
