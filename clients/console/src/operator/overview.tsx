// How the broker is: what needs attention and what to do, what comes, and some figures. Nobody is named here.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Report, type Status, readReport, readStatus } from '../net/control';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { type Bins, type Pulse, binned, followDecisions } from '../net/pulse';
import { Badge } from '../parts/badge';
import { ChoiceField } from '../parts/field';
import { Link } from '../parts/link';
import { ProblemNote, Waiting } from '../parts/note';
import { Page } from '../shell/page';
import { stretchOf } from './figures';
import { type Light, notices } from './lights';
import { count, t, tn, word } from '../words/words';

const HOUR = 3_600_000;
const SPANS = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR];
const BINS = 60;
const SHADES = { good: 'positive', look: 'warning', bad: 'negative' } as const;

async function read(signal: AbortSignal): Promise<{ status: Status; agencies: Report }> {
  const [status, agencies] = await Promise.all([readStatus(signal), readReport('agencies', signal)]);
  return { status, agencies };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

/** The chart, and the same in words. */
function Flow() {
  const [span, setSpan] = useState(24 * HOUR);
  const [pulse, setPulse] = useState<{ pulse: Pulse; turn: number }>({ pulse: { at: [], kind: [] }, turn: 0 });
  const [View, setView] = useState<ComponentType<{ bins: Bins; label: string }> | undefined>(undefined);
  useEffect(() => followDecisions((told) => setPulse((before) => ({ pulse: told, turn: before.turn + 1 }))), []);
  useEffect(() => {
    let wanted = true;
    void import('./chart').then(({ Chart }) => wanted && setView(() => Chart));
    return () => {
      wanted = false;
    };
  }, []);
  const newest = pulse.pulse.at[pulse.pulse.at.length - 1] ?? 0;
  const bins = binned(pulse.pulse, Math.max(now.value, newest), span, BINS);
  const said = t('flow.said', { accepted: count(sum(bins.accepted)), refused: count(sum(bins.refused)), cases: count(sum(bins.cases)) });
  return (
    <section class="section" aria-labelledby="flow">
      <div class="section__head">
        <h2 id="flow" class="section__title">{t('flow.title')}</h2>
        <div class="flow__span"><ChoiceField label={t('flow.span')} value={String(span)} onValue={(value) => setSpan(Number(value))} choices={SPANS.map((ms) => ({ value: String(ms), label: stretchOf(ms) }))} /></div>
      </div>
      <p class="flow__said">{said}</p>
      <div class="flow__chart">{View === undefined ? null : <View bins={bins} label={said} />}</div>
    </section>
  );
}

function Figures({ status }: { status: Status }) {
  const of = (name: string) => status.counters[name] ?? 0;
  const figures: [string, string][] = [
    [t('figure.signals'), count(of('signals'))], [t('figure.households'), count(of('households'))],
    [t('figure.cases'), count(of('casesOffered') + of('casesActive') + of('casesUnassigned'))], [t('figure.unassigned'), count(of('casesUnassigned'))],
    [t('figure.duplicates'), count(of('duplicatesDay'))], [t('figure.refused'), count(of('refusedDay'))],
    [t('figure.waiting'), count(of('mailWaiting'))], [t('figure.sessions'), count(of('sessions'))],
    [t('figure.commit'), `${count(Math.round(of('commitUsP99') / 100) / 10)} ms`], [t('figure.disk'), `${count(Math.round(of('diskFreeBytes') / 1e9))} GB`],
  ];
  return (
    <section class="section" aria-labelledby="figures">
      <h2 id="figures" class="section__title">{t('figure.title')}</h2>
      <dl class="figures">{figures.map(([name, value]) => <div key={name} class="figure"><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </section>
  );
}

export function Overview() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const found = value === undefined ? [] : notices(value.status, value.agencies.rows);
  const worst: Light = found[0]?.light ?? 'good';
  return (
    <Page title={t('nav.overview')} count={found.filter(({ light }) => light === 'bad').length}
      beside={value === undefined ? undefined : <Badge shade={SHADES[worst]}>{t(`overview.${worst}`)}</Badge>}
      under={value === undefined ? undefined : <><span>{t('overview.version', { version: value.status.counters['configVersion'] ?? 1 })}</span><span>Voordeur {value.status.texts['version']}</span><span>{word('state', value.status.texts['state'] ?? '')}</span></>}>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <div class="board">
          <section class="section" aria-labelledby="lights">
            <h2 id="lights" class="section__title">{t('overview.attention')}</h2>
            {found.length === 0 ? <p class="light light--good"><strong>{t('overview.nothing')}</strong></p> : (
              <ul class="plain lights">
                {found.map((notice) => (
                  <li key={notice.id} class={`light light--${notice.light}`}>
                    <span class="light__words"><Badge shade={SHADES[notice.light]}>{t(`overview.${notice.light}`)}</Badge> <strong>{t(notice.id, { n: count(notice.n) })}</strong></span>
                    <span class="light__next">{notice.to === undefined ? t(notice.next) : <Link to={notice.to}>{t(notice.next)}</Link>}</span>
                  </li>
                ))}
              </ul>
            )}
          </section>
          <Flow />
          <Figures status={value.status} />
          <p class="subtle">{tn('overview.records', value.status.counters['positionDurable'] ?? 0, { n: count(value.status.counters['positionDurable'] ?? 0) })}</p>
        </div>
      )}
    </Page>
  );
}
