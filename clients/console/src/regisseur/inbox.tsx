import { useRef, useState } from 'preact/hooks';
import { type ActName, CaseDialog, take } from '../case/acts';
import { shortReason } from '../case/why';
import { readCase, readCases, readExplanation } from '../net/cases';
import { regisseurName } from '../net/directory';
import { readHandovers } from '../net/handovers';
import { useLoad } from '../net/load';
import { session } from '../net/session';
import type { CaseSummary, Explanation, Goal } from '../net/shapes';
import { PriorityBadge } from '../parts/badge';
import { Button } from '../parts/button';
import { Link } from '../parts/link';
import { Arrivals } from '../parts/arrivals';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { type Entry, type Row, useSettled } from '../parts/settle';
import { useCursor } from '../parts/cursor';
import { Ago, Clock, When } from '../parts/when';
import { useKeys } from '../shell/keys';
import { Page } from '../shell/page';
import { go } from '../shell/router';
import { instant } from '../words/dates';
import { t, tn } from '../words/words';
import { GROUPS, type Group, type Item, goalOver, grouped, nextDue } from './groups';

interface Shown extends Item { explanation: Explanation | undefined; goals: Goal[] }

// What a case says of itself is read once for each of its revisions: every reading is written down (protocol.md 7.13).
const known = new Map<string, { revision: number; goals: Goal[]; explanation: Explanation | undefined }>();

async function enrich(summary: CaseSummary, signal: AbortSignal): Promise<Shown> {
  let found = known.get(summary.id);
  if (found === undefined || found.revision !== summary.revision) {
    const goals = summary.goals ?? (summary.planRevision > 0 ? (await readCase(summary.id, signal)).goals : []);
    // The list is good without the sentence: a case that ended meanwhile has none.
    const explanation = await readExplanation(summary.id, signal).catch(() => undefined);
    found = { revision: summary.revision, goals, explanation };
    known.set(summary.id, found);
  }
  return { summary, goals: found.goals, explanation: found.explanation };
}

async function readInbox(signal: AbortSignal): Promise<Shown[]> {
  const [held, offered] = await Promise.all([readCases(signal), readHandovers(session.value?.party.id ?? '', signal)]);
  const cases = new Map<string, CaseSummary>([...offered, ...held].map((summary) => [summary.id, summary]));
  return Promise.all([...cases.values()].map((summary) => enrich(summary, signal)));
}

function Facts({ item, group, me }: { item: Shown; group: Group; me: string }) {
  const { summary, goals } = item;
  const since = instant(summary.since);
  if (group === 'new') {
    const until = instant(summary.acceptBy);
    return (
      <>
        {until === undefined ? null : <Clock until={until} from={since} />}
        {summary.handoverTo === me && summary.regisseur ? <span>{t('inbox.handover_from', { name: regisseurName(summary.regisseur) })}</span> : null}
      </>
    );
  }
  const open = goals.filter((goal) => !goalOver(goal)).length;
  const due = nextDue(goals);
  return (
    <>
      <span>{goals.length === 0 ? t('inbox.no_plan') : open === 0 ? t('inbox.all_reached') : tn('inbox.goals_open', open)}</span>
      {due === undefined ? null : <span class="row__due"><span class="subtle">{t('inbox.next')}</span> <When ms={due} short /></span>}
      {summary.handoverTo === undefined ? null : <span class="subtle">{t('inbox.handover_to', { name: regisseurName(summary.handoverTo) })}</span>}
    </>
  );
}

function CaseRow({ row, group, me, current, onTake, onAct, onPoint }: {
  row: Row<Shown>; group: Group; me: string; current: boolean; onTake: () => Promise<void>; onAct: (name: ActName) => void; onPoint: () => void;
}) {
  const { summary, explanation } = row.value;
  const since = instant(summary.since);
  return (
    <li class={`row row--${summary.priority}${current ? ' row--current' : ''}${row.gone ? ' row--gone' : ''}`} data-id={row.id} onFocusIn={onPoint}>
      <div class="row__main">
        <div class="row__line">
          <h3 class="row__title"><Link to={`/casussen/${summary.id}`}>{t('case.title', { case: summary.id })}</Link></h3>
          {summary.priority === 'normal' ? null : <PriorityBadge priority={summary.priority} />}
          <span class="row__sub">{t('case.household', { household: summary.household ?? '' })}{explanation?.district === undefined ? '' : ` · ${t('case.district', { district: explanation.district })}`}</span>
        </div>
        {explanation === undefined ? null : <p class="row__why">{shortReason(explanation, summary)}</p>}
        <p class="row__facts">
          <Facts item={row.value} group={group} me={me} />
          <span class="subtle">{t('inbox.since')} <Ago ms={since} /></span>
        </p>
      </div>
      <div class="row__acts">
        {row.gone ? <span class="row__went">{t('inbox.gone')}</span> : group === 'new' ? (
          <>
            <Button kind="primary" small onClick={onTake} label={t('inbox.take_label', { case: summary.id })}>{t('inbox.take')}</Button>
            {summary.state === 'offered' ? <Button kind="subtle" small onClick={() => onAct('decline')} label={t('inbox.decline_label', { case: summary.id })}>{t('inbox.decline')}</Button> : null}
          </>
        ) : group === 'close' ? (
          <Button small onClick={() => onAct('close')} label={t('inbox.close_label', { case: summary.id })}>{t('inbox.close')}</Button>
        ) : null}
      </div>
    </li>
  );
}

export function Inbox() {
  const me = session.value?.party.id ?? '';
  const { value, problem, fresh, again } = useLoad(readInbox, []);
  const entries: Entry<Shown>[] | undefined = value === undefined ? undefined : GROUPS.flatMap((group) =>
    (grouped(value, me)[group] as Shown[]).map((item) => ({ id: item.summary.id, section: group, value: item })));
  const { rows, waiting, show } = useSettled(entries);
  const [dialog, setDialog] = useState<{ name: ActName; item: Shown } | undefined>(undefined);
  const list = useRef<HTMLDivElement>(null);
  const cursor = useCursor(rows.map((row) => row.id), list);
  const at = rows.find((row) => row.id === cursor.id);

  const changed = async () => {
    await again();
    show();
    cursor.settle();
  };
  const takeRow = async (row: Row<Shown>) => {
    await take(row.value.summary);
    await changed();
  };
  useKeys([
    { keys: 'j', does: 'keys.next', run: () => cursor.move(1) },
    { keys: 'k', does: 'keys.previous', run: () => cursor.move(-1) },
    { keys: 'Enter', does: 'keys.open', run: () => at !== undefined && go(`/casussen/${at.id}`) },
    { keys: 'a', does: 'keys.accept', run: () => at?.section === 'new' && !at.gone && void takeRow(at) },
    { keys: 'w', does: 'keys.decline', run: () => at?.section === 'new' && at.value.summary.state === 'offered' && setDialog({ name: 'decline', item: at.value }) },
    { keys: 'n', does: 'keys.show', run: () => show() },
  ]);

  const asks = rows.filter((row) => row.section === 'new' && !row.gone).length;
  return (
    <Page title={t('inbox.title')} count={asks + waiting}>
      <Arrivals count={waiting} text={tn('inbox.arrived', waiting)} onShow={show} />
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : value === undefined ? null : rows.length === 0 ? (
        <Empty title={t('inbox.empty')}><p>{t('inbox.empty_why')}</p></Empty>
      ) : (
        <div ref={list} class="groups">
          {GROUPS.map((group) => {
            const mine = rows.filter((row) => row.section === group);
            return (
              <section key={group} class={`group group--${group}`} aria-labelledby={`group-${group}`}>
                <h2 id={`group-${group}`} class="group__title">{t(`group.${group}`)} <span class="group__count">{mine.filter((row) => !row.gone).length}</span></h2>
                {mine.length === 0 ? <p class="group__none">{t(`group.${group}_none`)}</p> : (
                  <ul class="rows">
                    {mine.map((row) => (
                      <CaseRow
                        key={row.id} row={row} group={group} me={me} current={cursor.id === row.id} onTake={() => takeRow(row)}
                        onAct={(name) => setDialog({ name, item: row.value })} onPoint={() => cursor.point(row.id)}
                      />
                    ))}
                  </ul>
                )}
              </section>
            );
          })}
        </div>
      )}
      {dialog === undefined ? null : (
        <CaseDialog name={dialog.name} summary={dialog.item.summary} goals={dialog.item.goals} onDone={() => void changed()} onClose={() => setDialog(undefined)} />
      )}
    </Page>
  );
}
