import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { session } from '../net/session';
import { t } from '../words/words';
import { say } from './announce';
import { moved } from './router';

interface Props {
  title: string;
  /** Before the title in the browser's tab, as "(2)". */
  count?: number;
  /** Badges and the like beside the title. */
  beside?: ComponentChildren;
  under?: ComponentChildren;
  acts?: ComponentChildren;
  back?: ComponentChildren;
  children: ComponentChildren;
}

let arrived = 0;

/** A page with its heading. After a change of page the heading has the focus, and is read out. */
export function Page({ title, count = 0, beside, under, acts, back, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const town = session.value?.municipality ?? '';
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ''}${title} – Voordeur${town === '' ? '' : ` ${town}`}`;
  }, [title, count, town]);
  useEffect(() => {
    if (moved.value === arrived) return;
    arrived = moved.value;
    heading.current?.focus({ preventScroll: true });
    say(t('page.arrived', { title }));
  }, [moved.value]);
  return (
    <>
      {back === undefined ? null : <nav class="back" aria-label={t('page.back')}>{back}</nav>}
      <div class="head">
        <div class="head__words">
          <div class="head__line">
            <h1 ref={heading} tabIndex={-1} class="utrecht-heading-1 head__title">{title}</h1>
            {beside}
          </div>
          {under === undefined ? null : <div class="head__under">{under}</div>}
        </div>
        {acts === undefined ? null : <div class="head__acts">{acts}</div>}
      </div>
      {children}
    </>
  );
}
