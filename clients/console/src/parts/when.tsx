import { moment, relative, term, day } from '../words/dates';
import { now } from '../net/now';
import { t } from '../words/words';

/** An instant as a date; how long ago is its tooltip. */
export function When({ ms, short = false }: { ms: number | undefined; short?: boolean }) {
  if (ms === undefined) return <span class="subtle">{t('date.none')}</span>;
  return <time dateTime={new Date(ms).toISOString()} title={relative(ms, now.value)}>{short ? day(ms) : moment(ms)}</time>;
}

/** How long ago, with the date as its tooltip. */
export function Ago({ ms }: { ms: number | undefined }) {
  if (ms === undefined) return <span class="subtle">{t('date.none')}</span>;
  return <time dateTime={new Date(ms).toISOString()} title={moment(ms)}>{relative(ms, now.value)}</time>;
}

/** A term that runs out: how much is left, and louder near its end. */
export function Clock({ until, from }: { until: number; from?: number | undefined }) {
  const left = until - now.value;
  const whole = from === undefined ? undefined : until - from;
  const near = left < 3_600_000 || (whole !== undefined && left < whole / 4);
  const tone = left <= 0 ? 'over' : near ? 'near' : 'calm';
  return (
    <time class={`clock clock--${tone}`} dateTime={new Date(until).toISOString()} title={moment(until)}>
      {left <= 0 ? t('clock.over', { span: term(left) }) : t('clock.left', { span: term(left) })}
    </time>
  );
}
