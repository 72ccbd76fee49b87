// What waits in the mailboxes, and who is connected: numbers, never what is written in them.
import { type Row, number, readReport, time } from '../net/control';
import { partyName } from '../net/directory';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { type SessionView, readMailboxes, readSessions } from '../net/operate';
import { Badge } from '../parts/badge';
import { Link } from '../parts/link';
import { ProblemNote, Waiting } from '../parts/note';
import { type Entry, useSettled } from '../parts/settle';
import { Ago } from '../parts/when';
import { Page } from '../shell/page';
import { instant, span } from '../words/dates';
import { count, t, tn, word } from '../words/words';
import { pathOf } from './agencies';
import { Cell, Line, Table } from './figures';
import { KINDS, type Queue, queuesOf, stuck, summed } from './queue';
import { Figures, RowMain, Rows, Tally } from './rows';

interface Read { queues: Queue[]; cases: Row | undefined; sessions: SessionView[] }

async function read(signal: AbortSignal): Promise<Read> {
  const [report, mailboxes, sessions] = await Promise.all([readReport('queues', signal), readMailboxes(signal), readSessions(signal)]);
  return { queues: queuesOf(report.rows, mailboxes, sessions), cases: report.rows.find((row) => row.row === 'cases'), sessions };
}

function Facts({ queue: { kind, row } }: { queue: Queue }) {
  if (row === undefined) return null;
  if (kind === 'regisseur') {
    return (
      <>
        <span>{t('queues.offered', { n: count(number(row, 'offered')) })}</span><span>{t('queues.active', { n: count(number(row, 'active')) })}</span>
        {row['load'] === undefined ? null : <span>{t('queues.load', { load: count(number(row, 'load')), capacity: count(number(row, 'capacity')) })}</span>}
        {number(row, 'overdue') > 0 ? <Badge shade="warning">{tn('queues.overdue', number(row, 'overdue'))}</Badge> : null}
        {number(row, 'absent') === 1 ? <Badge>{t('queues.absent')}</Badge> : null}
      </>
    );
  }
  if (kind !== 'service') return null;
  return <><span>{t('queues.follow', { n: count(number(row, 'waiting')) })}</span>{number(row, 'overdue') > 0 ? <Badge shade="warning">{tn('queues.late', number(row, 'overdue'))}</Badge> : null}</>;
}

function Sessions({ sessions }: { sessions: readonly SessionView[] }) {
  return (
    <section class="section" aria-labelledby="sessions">
      <h2 id="sessions" class="section__title">{t('queues.sessions')} <span class="group__count">{sessions.length}</span></h2>
      {sessions.length === 0 ? <p class="subtle">{t('queues.sessions_none')}</p> : (
        <Table label={t('queues.sessions')} columns={[{ title: t('queues.who') }, { title: t('queues.program') }, { title: t('queues.from') }, { title: t('queues.idle') }, { title: t('queues.in'), figure: true }, { title: t('queues.out'), figure: true }, { title: t('queues.unconfirmed'), figure: true }, { title: t('queues.undelivered'), figure: true }]}>
          {[...sessions].sort((a, b) => a.session - b.session).map((one) => (
            <Line key={one.session} name={partyName(one.party)}>
              <Cell>{one.clientName} <span class="subtle">({word('role', one.party.kind)})</span></Cell><Cell><Ago ms={instant(one.since)} /></Cell><Cell>{one.idleMs < 60_000 ? t('queues.busy') : span(one.idleMs)}</Cell>
              <Cell figure>{count(one.framesIn)}</Cell><Cell figure>{count(one.framesOut)}</Cell><Cell figure>{count(one.unconfirmed)}</Cell><Cell figure>{count(one.undelivered)}</Cell>
            </Line>
          ))}
        </Table>
      )}
    </section>
  );
}

export function Queues() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const entries: Entry<Queue>[] | undefined = value?.queues.map((queue) => ({ id: queue.party, section: queue.kind, value: queue }));
  const settled = useSettled(entries);
  const all = summed(value?.queues ?? [], now.value);
  return (
    <Page title={t('nav.queues')} count={all.stuck} acts={<Link to="/bezorging">{t('nav.deliveries')}</Link>}>
      <p class="lead">{t('queues.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <div class="stack">
          <section class="section" aria-labelledby="together">
            <h2 id="together" class="section__title">{t('queues.together')}</h2>
            <Figures figures={[
              { name: t('queues.waiting'), value: count(all.waiting) }, { name: t('queues.oldest'), value: all.oldest === undefined ? '–' : <Ago ms={all.oldest} /> }, { name: t('queues.parties'), value: count(all.readers) },
              { name: t('figure.unassigned'), value: count(number(value.cases, 'ready')) }, ...(time(value.cases ?? { row: '' }, 'oldestCaseMs') === undefined ? [] : [{ name: t('queues.oldest_case'), value: <Ago ms={time(value.cases ?? { row: '' }, 'oldestCaseMs')} /> }]),
            ]} />
          </section>
          <Rows settled={settled} sections={KINDS.map((kind) => ({ id: kind, title: word('mailboxes', kind) }))} none={t('queues.none')} to={(queue) => (queue.kind === 'agency' ? pathOf(queue.id) : undefined)} level={(queue) => (stuck(queue, now.value) ? 'high' : '')}>
            {(queue) => (
              <>
                <RowMain title={queue.kind === 'agency' ? <Link to={pathOf(queue.id)}>{partyName(queue)}</Link> : partyName(queue)} beside={stuck(queue, now.value) ? <Badge shade="warning">{t('queues.stuck')}</Badge> : undefined}><Facts queue={queue} /></RowMain>
                <Tally figures={[
                  { name: t('queues.waiting'), value: count(queue.waiting), tone: stuck(queue, now.value) ? 'look' : undefined }, { name: t('queues.oldest'), value: queue.since === undefined ? '–' : <Ago ms={queue.since} /> },
                  { name: t('queues.read_to'), value: t('queues.of', { acknowledged: count(queue.acknowledged), newest: count(queue.newest) }) }, { name: t('queues.readers'), value: queue.readers === 0 ? t('queues.nobody') : count(queue.readers) },
                ]} />
              </>
            )}
          </Rows>
          <Sessions sessions={value.sessions} />
        </div>
      )}
    </Page>
  );
}
