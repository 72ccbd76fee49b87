import { useId, useState } from 'preact/hooks';
import { agencyName, domainIds, domainName, typeName } from '../net/directory';
import { now } from '../net/now';
import type { Signal } from '../net/shapes';
import { Badge } from '../parts/badge';
import { When } from '../parts/when';
import { day, instant } from '../words/dates';
import { t } from '../words/words';
import { newestFirst, timeline } from './timeline';

function keyOf(signal: Signal): string {
  return `${signal.source ?? signal.agency ?? ''} ${signal.id}`;
}

function Severity({ value }: { value: number | undefined }) {
  if (value === undefined) return null;
  return (
    <span class={`severity severity--${value}`} title={t(`severity.${value}` as 'severity.1')}>
      <span class="only-read">{t(`severity.${value}` as 'severity.1')}</span>
      {[1, 2, 3, 4, 5].map((n) => <span key={n} class={`severity__step${n <= value ? ' severity__step--on' : ''}`} aria-hidden="true" />)}
    </span>
  );
}

/** The signals twice: as a picture in lanes, and as a list that says all of it. The picture is for the eye alone. */
export function Lanes({ signals }: { signals: readonly Signal[] }) {
  const [pointed, setPointed] = useState('');
  const [domain, setDomain] = useState('');
  const id = useId();
  const { lanes, ticks } = timeline(signals, domainIds(), now.value);
  const listed = newestFirst(signals).filter((signal) => domain === '' || signal.domain === domain);
  return (
    <div class="timeline">
      <div class="lanes" aria-hidden="true">
        {lanes.map((lane) => (
          <div key={lane.domain} class="lane">
            <span class="lane__name">{domainName(lane.domain)}</span>
            <span class="lane__track">
              {lane.dots.map((dot) => {
                const key = keyOf(dot.signal);
                return (
                  <span
                    key={key} style={{ left: `${dot.left}%` }}
                    class={`dot dot--${dot.signal.severity ?? 2}${dot.signal.withdrawn ? ' dot--withdrawn' : ''}${pointed === key ? ' dot--pointed' : ''}`}
                    title={`${typeName(dot.signal.type ?? '')}, ${agencyName(dot.signal.agency ?? '')}, ${day(dot.ms)}`}
                    onMouseEnter={() => setPointed(key)} onMouseLeave={() => setPointed('')}
                    onClick={() => document.getElementById(`${id}-${key}`)?.scrollIntoView({ block: 'center' })}
                  />
                );
              })}
            </span>
          </div>
        ))}
        <div class="lane lane--scale">
          <span class="lane__name" />
          <span class="lane__track lane__track--scale">{ticks.map((tick, i) => <span key={i} class="tick" style={{ left: `${tick.left}%` }}>{tick.label}</span>)}</span>
        </div>
      </div>
      {lanes.length < 2 ? null : (
        <label class="timeline__filter">
          <span>{t('timeline.filter')}</span>
          <select class="utrecht-select utrecht-select--html-select" value={domain} onChange={(event) => setDomain(event.currentTarget.value)}>
            <option value="">{t('timeline.all')}</option>
            {lanes.map((lane) => <option key={lane.domain} value={lane.domain}>{domainName(lane.domain)}</option>)}
          </select>
        </label>
      )}
      <ol class="signals">
        {listed.map((signal) => {
          const key = keyOf(signal);
          return (
            <li key={key} id={`${id}-${key}`} class={`signal${signal.withdrawn ? ' signal--withdrawn' : ''}${pointed === key ? ' signal--pointed' : ''}`} onMouseEnter={() => setPointed(key)} onMouseLeave={() => setPointed('')}>
              <div class="signal__when"><When ms={instant(signal.occurredAt) ?? instant(signal.acceptedAt)} short /></div>
              <div class="signal__what">
                <p class="signal__line">
                  <span class="signal__type">{typeName(signal.type ?? signal.id)}</span>
                  <Severity value={signal.severity} />
                  {signal.withdrawn ? <Badge>{t('signal.withdrawn')}</Badge> : null}
                  {signal.ended ? <Badge>{t('signal.ended')}</Badge> : null}
                  {signal.overdue ? <Badge shade="warning">{t('signal.overdue')}</Badge> : null}
                  {signal.feedback ? <Badge shade="positive">{t('signal.feedback')}</Badge> : null}
                </p>
                <p class="signal__from">{t('signal.from', { agency: agencyName(signal.agency ?? ''), domain: domainName(signal.domain ?? '') })}</p>
                {signal.detail === undefined || signal.detail === '' ? null : <p class="signal__detail">{signal.detail}</p>}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
