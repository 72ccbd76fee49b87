// Figures as they are written, and tables of them.
import type { ComponentChildren } from 'preact';
import { Scroll } from '../parts/scroll';
import { count, t } from '../words/words';

const HOUR = 3_600_000;

export function stretchOf(ms: number): string {
  return ms <= HOUR ? t('stretch.hour') : ms <= 24 * HOUR ? t('stretch.day') : ms <= 7 * 24 * HOUR ? t('stretch.week') : t('stretch.month');
}

/** 873 thousandths as "87 %"; "–" where nothing was counted. */
export function share(permille: number | undefined): string {
  return permille === undefined ? '–' : `${count(Math.round(permille / 10))} %`;
}

export interface Column { title: string; figure?: boolean }

/** A table of rows that begin with their name; a list on a small screen. */
export function Table({ label, columns, children }: { label: string; columns: readonly Column[]; children: ComponentChildren }) {
  return (
    <Scroll label={label}>
      <table class="utrecht-table">
        <thead class="utrecht-table__header"><tr class="utrecht-table__row">
          {columns.map(({ title, figure }) => <th key={title} scope="col" class={`utrecht-table__header-cell${figure === true ? ' cell--figure' : ''}`}>{title}</th>)}
        </tr></thead>
        <tbody class="utrecht-table__body">{children}</tbody>
      </table>
    </Scroll>
  );
}

export function Line({ name, children }: { name: ComponentChildren; children: ComponentChildren }) {
  return <tr class="utrecht-table__row"><th scope="row" class="utrecht-table__cell table__name">{name}</th>{children}</tr>;
}

export function Cell({ figure = false, children }: { figure?: boolean; children?: ComponentChildren }) {
  return <td class={`utrecht-table__cell${figure ? ' cell--figure' : ''}`}>{children}</td>;
}
