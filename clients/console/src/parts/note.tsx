import type { ComponentChildren } from 'preact';
import { type Problem, inWords } from '../net/api';
import { t } from '../words/words';
import { Button } from './button';

export type Tone = 'info' | 'ok' | 'warning' | 'error';

/** A box that says something; with `alert` it is read out when it comes. */
export function Note({ tone = 'info', alert = false, title, children }: { tone?: Tone; alert?: boolean; title?: string; children?: ComponentChildren }) {
  return (
    <div class={`utrecht-alert utrecht-alert--${tone} note`} role={alert ? 'alert' : undefined}>
      <div class="utrecht-alert__content">
        {title === undefined ? null : <p class="note__title">{title}</p>}
        {children}
      </div>
    </div>
  );
}

/** What the gateway refused, and what to do now; of what goes again by itself, that it does. */
export function ProblemNote({ problem, repeating = false, again }: { problem: Problem; repeating?: boolean; again?: () => void }) {
  const { title, advice: alone } = inWords(problem);
  const advice = repeating ? t('problem.repeating') : alone;
  const more = (problem.errors ?? []).map((error) => error.detail ?? error.code ?? '').filter((text) => text !== '');
  return (
    <Note tone="error" alert title={title}>
      {advice === '' ? null : <p>{advice}</p>}
      {more.length === 0 ? null : <ul>{more.map((text) => <li key={text}>{text}</li>)}</ul>}
      {again === undefined ? null : <Button small onClick={again}>{t('problem.again')}</Button>}
    </Note>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty__title">{title}</p>
      {children}
    </div>
  );
}

/** What is there while something is read: as high as what comes, so that nothing jumps. */
export function Waiting({ rows = 3 }: { rows?: number }) {
  return (
    <div class="waiting" role="status">
      <span class="only-read">{t('waiting')}</span>
      {Array.from({ length: rows }, (_, i) => <div key={i} class="waiting__row" />)}
    </div>
  );
}
