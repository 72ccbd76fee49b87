// A list of an operator: rows with a few figures each, by sections. What is on the screen stays where it is.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { Arrivals } from '../parts/arrivals';
import { useCursor } from '../parts/cursor';
import { Empty } from '../parts/note';
import type { Settled } from '../parts/settle';
import { useKeys } from '../shell/keys';
import { go } from '../shell/router';
import { t, tn } from '../words/words';

interface Props<T> {
  settled: Settled<T> & { show: () => void };
  /** In this order; those without rows are left out. A title of '' is not shown. */
  sections: readonly { id: string; title: string }[];
  none: string;
  /** Where a row leads. */
  to?: (value: T) => string | undefined;
  /** What is in a row: RowMain, Tally and acts. */
  children: (value: T, gone: boolean) => ComponentChildren;
  level?: (value: T) => 'urgent' | 'high' | '';
}

export function Rows<T>({ settled, sections, none, to, children, level }: Props<T>) {
  const { rows, waiting, show } = settled;
  const list = useRef<HTMLDivElement>(null);
  const shown = sections.filter(({ id }) => rows.some((row) => row.section === id));
  const order = shown.flatMap(({ id }) => rows.filter((row) => row.section === id));
  const cursor = useCursor(order.map(({ id }) => id), list);
  const open = () => {
    const at = rows.find(({ id }) => id === cursor.id);
    const path = at === undefined ? undefined : to?.(at.value);
    if (path !== undefined) go(path);
  };
  useKeys([
    { keys: 'j', does: 'keys.next', run: () => cursor.move(1) }, { keys: 'k', does: 'keys.previous', run: () => cursor.move(-1) },
    ...(to === undefined ? [] : [{ keys: 'Enter', does: 'keys.open' as const, run: open }]), { keys: 'n', does: 'keys.show', run: show },
  ]);
  return (
    <>
      <Arrivals count={waiting} text={tn('rows.arrived', waiting)} onShow={show} />
      {rows.length === 0 ? <Empty title={none} /> : (
        <div ref={list} class="groups">
          {shown.map(({ id, title }) => {
            const mine = rows.filter((row) => row.section === id);
            return (
              <section key={id} aria-labelledby={title === '' ? undefined : `rows-${id}`}>
                {title === '' ? null : <h2 id={`rows-${id}`} class="group__title">{title} <span class="group__count">{mine.filter(({ gone }) => !gone).length}</span></h2>}
                <ul class="rows">
                  {mine.map((row) => (
                    <li key={row.id} data-id={row.id} class={`row row--tallied row--${level?.(row.value) ?? ''}${cursor.id === row.id ? ' row--current' : ''}${row.gone ? ' row--gone' : ''}`} onFocusIn={() => cursor.point(row.id)}>
                      {children(row.value, row.gone)}
                      {row.gone ? <span class="row__went">{t('inbox.gone')}</span> : null}
                    </li>
                  ))}
                </ul>
              </section>
            );
          })}
        </div>
      )}
    </>
  );
}

/** The name of a row, what is beside it, and a line of facts below. */
export function RowMain({ title, level = 3, beside, sub, children }: { title: ComponentChildren; level?: 2 | 3; beside?: ComponentChildren; sub?: string | undefined; children?: ComponentChildren }) {
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <div class="row__main">
      <div class="row__line"><Heading class="row__title">{title}</Heading>{beside}{sub === undefined ? null : <span class="row__sub">{sub}</span>}</div>
      {children === undefined ? null : <div class="row__facts">{children}</div>}
    </div>
  );
}

export interface Figure { name: string; value: ComponentChildren; tone?: 'bad' | 'look' | undefined }

/** A few figures at the end of a row, in the same places in each. */
export function Tally({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class={`tally${figures.length < 3 ? ' tally--two' : figures.length < 4 ? ' tally--three' : ''}`}>
      {figures.map(({ name, value, tone }) => <div key={name} class={`tally__one${tone === undefined ? '' : ` tally__one--${tone}`}`}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** Figures in a section of their own. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return <dl class="figures figures--small">{figures.map(({ name, value }) => <div key={name} class="figure"><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}
