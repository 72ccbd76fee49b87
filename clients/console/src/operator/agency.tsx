// One agency: how it sends, what is refused and what to do about it, and all else that the broker knows of it.
import { type Pause, type Row, number, readPauses, readReport, text, time } from '../net/control';
import { agencyKind, agencyName, directory, typeName } from '../net/directory';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { type Delivery, type SessionView, readDeliveries, readKeys, readSessions } from '../net/operate';
import { Badge } from '../parts/badge';
import { Link } from '../parts/link';
import { Empty, Note, ProblemNote, Waiting } from '../parts/note';
import { Ago, When } from '../parts/when';
import { Page } from '../shell/page';
import { instant, span } from '../words/dates';
import { count, t, tn, word } from '../words/words';
import { AgencyBadges } from './agencies';
import { share } from './figures';
import { standing } from './keyring';
import { QUIET, SLOW, convenantEnded, expected, refusals, rhythmOf, silence, silenced } from './rhythm';
import { type Figure, Figures } from './rows';

interface Read { row: Row | undefined; cases: Row | undefined; queue: Row | undefined; keys: Row[]; sessions: SessionView[]; deliveries: Delivery[]; pauses: Pause[] }

async function read(id: string, signal: AbortSignal): Promise<Read> {
  const [agencies, rules, queues, keys, sessions, deliveries, pauses] = await Promise.all([
    readReport('agencies', signal), readReport('rules', signal), readReport('queues', signal), readKeys(signal), readSessions(signal), readDeliveries(signal), readPauses(signal),
  ]);
  const party = `agency:${id}`;
  return {
    row: agencies.rows.find((row) => row.row === 'agency' && text(row, 'agency') === id),
    cases: rules.rows.find((row) => row.row === 'agency' && text(row, 'agency') === id),
    queue: queues.rows.find((row) => row.row === 'agency' && text(row, 'id') === id),
    keys: keys.filter((row) => text(row, 'party') === party && standing(row)),
    sessions: sessions.filter((one) => one.party.kind === 'agency' && one.party.id === id),
    deliveries: deliveries.items.filter((one) => one.party === party),
    pauses: pauses.filter((one) => one.kind === 'silence' && one.subject === id && one.ended === undefined && (instant(one.until) ?? 0) > now.value),
  };
}

function Refused({ row }: { row: Row }) {
  const found = refusals(row);
  return (
    <section class="section" aria-labelledby="refused">
      <h2 id="refused" class="section__title">{t('agency.refused')}</h2>
      {found.length === 0 ? <p class="subtle">{t('agency.refused_none')}</p> : (
        <ul class="plain refusals">
          {found.map(({ code, n }) => (
            <li key={code} class="refusals__one">
              <span class="refusals__line"><strong>{word('refused', code)}</strong> <Badge shade="warning">{tn('agency.times', n, { n: count(n) })}</Badge> <code>{code}</code></span>
              <span>{word('mend', code)}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="subtle">{t('agency.refused_day')}</p>
    </section>
  );
}

/** What is not in order besides the rhythm, each in a sentence. */
function doubts(row: Row): string[] {
  const behind = number(row, 'clockBehindMs');
  const ahead = number(row, 'clockAheadMs');
  const missing = number(row, 'sequenceMissing');
  return [
    ...(behind > 0 ? [t('agency.clock_behind', { span: span(behind) })] : []), ...(ahead > 0 ? [t('agency.clock_ahead', { span: span(ahead) })] : []),
    ...(missing > 0 ? [tn('agency.missing', missing, { n: count(missing) })] : []),
  ];
}

export function AgencyPage({ params }: { params: Record<string, string> }) {
  const id = params['id'] ?? '';
  const { value, problem, fresh, again } = useLoad((signal) => read(id, signal), [id]);
  const row = value?.row;
  const kind = directory.value?.agencies.find((one) => one.id === id)?.kind;
  const types = directory.value?.signalTypes.filter((one) => kind !== undefined && one.agencies.includes(kind)) ?? [];
  const would = row === undefined ? undefined : expected(row);
  const rhythm = row === undefined ? undefined : rhythmOf(row);
  const sent: Figure[] = row === undefined ? [] : [
    { name: t('agencies.day'), value: count(number(row, 'signalsDay')) }, { name: t('agencies.week'), value: count(number(row, 'signalsWeek')) }, { name: t('agency.all'), value: count(number(row, 'signals')) },
    { name: t('agencies.duplicates'), value: count(number(row, 'duplicates')) }, { name: t('agency.late'), value: count(number(row, 'late')) }, { name: t('agency.withdrawn'), value: count(number(row, 'withdrawn')) },
  ];
  const became: Figure[] = row === undefined ? [] : [
    { name: t('agency.regular'), value: count(number(row, 'regular')) }, { name: t('agency.attached'), value: count(number(row, 'attached')) }, { name: t('agency.proposed'), value: count(number(row, 'proposed')) },
    ...(value?.cases === undefined ? [] : [{ name: t('hits.accepted'), value: count(number(value.cases, 'accepted')) }, { name: t('hits.precision'), value: share(value.cases['precisionPermille'] === undefined ? undefined : number(value.cases, 'precisionPermille')) }]),
  ];
  return (
    <Page title={agencyName(id)} back={<Link to="/instanties">{t('nav.agencies')}</Link>} beside={row === undefined ? undefined : <AgencyBadges row={row} />}
      under={agencyKind(id) === undefined ? undefined : <span>{agencyKind(id)}</span>}>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : row === undefined ? <Empty title={t('agency.unknown')} /> : (
        <div class="pillars">
          <div class="pillars__wide">
            <section class="section" aria-labelledby="rhythm">
              <h2 id="rhythm" class="section__title">{t('agency.rhythm')}</h2>
              <p>{silence(row, now.value)}</p>
              {would === undefined || rhythm === 'learning' ? null : <p class="gauge"><meter class="gauge__bar" min={0} max={Math.max(QUIET + 1, would)} low={SLOW} high={QUIET} optimum={0} value={would} aria-label={t('agency.gauge')} /> <span class="subtle">{t('agency.gauge_said', { n: count(Math.round(would * 10) / 10), quiet: QUIET })}</span></p>}
              {doubts(row).map((said) => <Note key={said} tone="warning" title={said} />)}
              <Figures figures={sent} />
            </section>
            <Refused row={row} />
            <section class="section" aria-labelledby="became">
              <h2 id="became" class="section__title">{t('agency.became')}</h2>
              <Figures figures={became} />
              <p class="subtle">{t('agency.acts', { n: count(number(row, 'acts')) })}</p>
            </section>
          </div>
          <div class="pillars__side">
            <section class="section section--side" aria-labelledby="convenant">
              <h2 id="convenant" class="section__title">{t('agency.convenant')}</h2>
              {text(row, 'convenant') === '' ? <p class="subtle">{t('agency.convenant_none')}</p> : (
                <dl class="facts">
                  <div><dt>{t('agency.convenant_name')}</dt><dd>{text(row, 'convenant')}</dd></div>
                  <div><dt>{t('pauses.until')}</dt><dd><When ms={time(row, 'convenantUntilMs')} short /> {convenantEnded(row) ? <strong>({t('pauses.over')})</strong> : null}</dd></div>
                </dl>
              )}
              {silenced(row, now.value) ? <p>{t('agency.silenced')} <When ms={time(row, 'silencedUntilMs')} />. {value.pauses.map((one) => one.reason).join(' ')}</p> : null}
              <p><Link to="/pauzes">{t('agency.to_pauses')}</Link></p>
            </section>
            <section class="section section--side" aria-labelledby="keys">
              <h2 id="keys" class="section__title">{t('nav.keys')}</h2>
              {value.keys.length === 0 ? <p class="subtle">{t('agency.keys_none')}</p> : (
                <ul class="plain facts">{value.keys.map((key) => <li key={text(key, 'publicKey')}>{word('key_state', text(key, 'state'))}: {time(key, 'untilMs') === undefined ? t('keyring.no_end') : <>{t('keyring.until')} <When ms={time(key, 'untilMs')} short /></>}</li>)}</ul>
              )}
              <p><Link to="/sleutels">{t('agency.to_keys')}</Link></p>
            </section>
            <section class="section section--side" aria-labelledby="post">
              <h2 id="post" class="section__title">{t('agency.post')}</h2>
              <dl class="facts">
                <div><dt>{t('queues.waiting')}</dt><dd>{count(number(value.queue, 'ready'))}{time(value.queue ?? { row: '' }, 'readySinceMs') === undefined ? null : <>, {t('queues.since')} <Ago ms={time(value.queue ?? { row: '' }, 'readySinceMs')} /></>}</dd></div>
                <div><dt>{t('queues.readers')}</dt><dd>{value.sessions.length === 0 ? t('queues.nobody') : count(value.sessions.length)}</dd></div>
                {value.deliveries.map((one) => <div key={one.receiver}><dt>{t('nav.deliveries')}</dt><dd>{one.receiver}: {word('courier', one.state)}</dd></div>)}
              </dl>
              <p class="links"><Link to="/wachtrijen">{t('agency.to_queues')}</Link>{value.deliveries.length === 0 ? null : <Link to="/bezorging">{t('agency.to_deliveries')}</Link>}</p>
            </section>
            {types.length === 0 ? null : (
              <section class="section section--side" aria-labelledby="types">
                <h2 id="types" class="section__title">{t('agency.types')}</h2>
                <ul class="plain">{types.map(({ type }) => <li key={type}>{typeName(type)}</li>)}</ul>
              </section>
            )}
          </div>
        </div>
      )}
    </Page>
  );
}
