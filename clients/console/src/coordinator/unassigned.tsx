import { useRef, useState } from 'preact/hooks';
import { CaseDialog } from '../case/acts';
import { get } from '../net/api';
import { readCases } from '../net/cases';
import { regisseurName } from '../net/directory';
import { useLoad } from '../net/load';
import type { CaseSummary, Mailbox, Message } from '../net/shapes';
import { Arrivals } from '../parts/arrivals';
import { PriorityBadge } from '../parts/badge';
import { Button } from '../parts/button';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { useCursor } from '../parts/cursor';
import { type Entry, useSettled } from '../parts/settle';
import { Ago, When } from '../parts/when';
import { useKeys } from '../shell/keys';
import { Page } from '../shell/page';
import { go } from '../shell/router';
import { instant } from '../words/dates';
import { listed, readable, t, tn } from '../words/words';
import { AssignDialog } from './assign';

const RANK: Record<string, number> = { urgent: 0, high: 1, normal: 2 };

interface Told { cases: CaseSummary[]; refused: Message[] }

async function read(signal: AbortSignal): Promise<Told> {
  const [cases, mail] = await Promise.all([
    readCases(signal),
    // Who let an offer pass is told to coordinators, and to nobody else.
    get<Mailbox>('/v1/mailbox', signal).then((box) => box.items, (): Message[] => []),
  ]);
  return {
    cases: [...cases].sort((a, b) => (RANK[a.priority] ?? 3) - (RANK[b.priority] ?? 3) || (instant(a.since) ?? 0) - (instant(b.since) ?? 0)),
    refused: mail.filter((message) => message.kind === 'not_accepted').reverse().slice(0, 50),
  };
}

export function Unassigned() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const [dialog, setDialog] = useState<{ summary: CaseSummary; name: 'assign' | 'dismiss' } | undefined>(undefined);
  const entries: Entry<CaseSummary>[] | undefined = value?.cases.map((summary) => ({ id: summary.id, section: 'all', value: summary }));
  const { rows, waiting, show } = useSettled(entries);
  const list = useRef<HTMLUListElement>(null);
  const cursor = useCursor(rows.map((row) => row.id), list);
  const at = rows.find((row) => row.id === cursor.id);
  const changed = async () => {
    await again();
    show();
    cursor.settle();
  };
  useKeys([
    { keys: 'j', does: 'keys.next', run: () => cursor.move(1) },
    { keys: 'k', does: 'keys.previous', run: () => cursor.move(-1) },
    { keys: 'Enter', does: 'keys.open', run: () => at !== undefined && go(`/casussen/${at.id}`) },
    { keys: 't', does: 'keys.assign', run: () => at !== undefined && !at.gone && setDialog({ summary: at.value, name: 'assign' }) },
    { keys: 'n', does: 'keys.show', run: () => show() },
  ]);
  return (
    <Page title={t('nav.unassigned')} count={rows.filter((row) => !row.gone).length + waiting}>
      <p class="lead">{t('unassigned.lead')}</p>
      <Arrivals count={waiting} text={tn('inbox.arrived', waiting)} onShow={show} />
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : rows.length === 0 ? <Empty title={t('unassigned.none')}><p>{t('unassigned.none_why')}</p></Empty> : (
        <ul class="rows" ref={list}>
          {rows.map((row) => (
            <li key={row.id} data-id={row.id} class={`row row--${row.value.priority}${cursor.id === row.id ? ' row--current' : ''}${row.gone ? ' row--gone' : ''}`} onFocusIn={() => cursor.point(row.id)}>
              <div class="row__main">
                <div class="row__line">
                  <h2 class="row__title"><Link to={`/casussen/${row.id}`}>{t('case.title', { case: row.id })}</Link></h2>
                  {row.value.priority === 'normal' ? null : <PriorityBadge priority={row.value.priority} />}
                  <span class="row__sub">{t('case.household', { household: row.value.household ?? '' })}</span>
                </div>
                <p class="row__facts"><span>{t('unassigned.rules', { rules: listed(row.value.rules.map(readable)) })}</span><span class="subtle">{t('inbox.since')} <Ago ms={instant(row.value.since)} /></span></p>
              </div>
              <div class="row__acts">
                {row.gone ? <span class="row__went">{t('inbox.gone')}</span> : (
                  <>
                    <Button kind="primary" small label={t('assign.label', { case: row.id })} onClick={() => setDialog({ summary: row.value, name: 'assign' })}>{t('assign.go')}</Button>
                    <Button kind="subtle" small label={t('dismiss.label', { case: row.id })} onClick={() => setDialog({ summary: row.value, name: 'dismiss' })}>{t('case.dismiss')}</Button>
                  </>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {value === undefined || value.refused.length === 0 ? null : (
        <section class="section" aria-labelledby="refused">
          <h2 id="refused" class="section__title">{t('refused.title')}</h2>
          <p class="subtle">{t('refused.lead')}</p>
          <ul class="mails">
            {value.refused.map((message) => (
              <li key={message.seq} class="mail">
                <span class="mail__when"><When ms={instant(message.at)} /></span>
                <span class="mail__text">{t('refused.line', { name: regisseurName(message.regisseur ?? ''), case: message.case ?? '' })}</span>
                <span class="mail__link"><Link to={`/casussen/${message.case ?? ''}`}>{t('mail.open', { case: message.case ?? '' })}</Link></span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {dialog === undefined ? null : dialog.name === 'assign' ? (
        <AssignDialog summary={dialog.summary} onDone={() => void changed()} onClose={() => setDialog(undefined)} />
      ) : <CaseDialog name="dismiss" summary={dialog.summary} goals={[]} onDone={() => void changed()} onClose={() => setDialog(undefined)} />}
    </Page>
  );
}
