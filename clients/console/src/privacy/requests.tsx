// What residents asked, and legal holds: with their terms, the nearest first.
import { useState } from 'preact/hooks';
import { type Request, type RequestKind, addRequest, confirmRequest, decideRequest, liftRequest, readRequests, withdrawRequest } from '../net/privacy';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { session } from '../net/session';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField, RadioField, TextField } from '../parts/field';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { Cell, Line, Table } from '../operator/figures';
import { instant, term } from '../words/dates';
import { readable, t, word } from '../words/words';

const KINDS: readonly RequestKind[] = ['objection', 'erasure', 'rectification', 'restriction', 'hold'];
const SOON_MS = 7 * 86_400_000;
type Deed = 'decide' | 'withdraw' | 'confirm' | 'lift';

const mine = () => session.value?.party.id;

/** What may be done about it now, and by whom: a hold is placed and lifted by two. */
function deedsOf(request: Request): Deed[] {
  if (request.ended !== undefined) return [];
  if (request.kind === 'hold') {
    if (request.state === 'placed') return request.author === mine() ? ['withdraw'] : ['confirm'];
    if (request.state === 'lifting') return request.second === mine() ? [] : ['lift'];
    return ['lift'];
  }
  return request.kind === 'rectification' || request.kind === 'erasure' ? ['withdraw'] : ['decide', 'withdraw'];
}

function about(request: Request): string {
  const signal = request.signal === undefined ? '' : t('request.signal', { id: request.signal.id });
  const household = request.household === undefined ? '' : t('run.household', { household: request.household });
  return [signal, household].filter((part) => part !== '').join(', ') || t('request.person');
}

function Due({ request }: { request: Request }) {
  const due = instant(request.due);
  if (request.ended !== undefined) return <When ms={instant(request.ended)} short />;
  if (due === undefined) return <span class="subtle">{t('request.no_term')}</span>;
  const left = due - now.value;
  return <><When ms={due} short /> {left < 0 ? <Badge shade="negative">{t('request.over', { span: term(left) })}</Badge> : left < SOON_MS ? <Badge shade="warning">{t('request.left', { span: term(left) })}</Badge> : null}</>;
}

function Add({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [kind, setKind] = useState<RequestKind>('objection');
  const [of, setOf] = useState<'household' | 'bsn' | 'signal'>('household');
  const [household, setHousehold] = useState('');
  const [bsn, setBsn] = useState('');
  const [signal, setSignal] = useState('');
  const [agency, setAgency] = useState('');
  const [reason, setReason] = useState('');
  const [correction, setCorrection] = useState('');
  const [tried, setTried] = useState(false);
  const asked = kind === 'rectification' ? 'signal' : of;
  const wrongHousehold = !/^H[1-9]\d*$/.test(household.trim());
  const wrongBsn = !/^\d{9}$/.test(bsn.trim());
  const act = async () => {
    setTried(true);
    const missing = asked === 'household' ? wrongHousehold : asked === 'bsn' ? wrongBsn : signal.trim() === '' || agency.trim() === '';
    if (missing || (kind === 'rectification' ? correction.trim() === '' : reason.trim() === '')) return false;
    await addRequest({
      kind, ...(asked === 'household' ? { household: household.trim() } : asked === 'bsn' ? { bsn: bsn.trim() } : { signal: signal.trim(), agency: agency.trim() }),
      ...(reason.trim() === '' ? {} : { reason: reason.trim() }), ...(kind === 'rectification' ? { correction: correction.trim() } : {}),
    });
    notify(t('request.added'));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t('request.add')} does={t('request.save')} act={act} onClose={onClose}>
      <ChoiceField label={t('request.kind')} value={kind} onValue={(value) => setKind(value as RequestKind)} choices={KINDS.map((one) => ({ value: one, label: word('request_kind', one) }))} />
      {kind === 'rectification' ? null : (
        <RadioField label={t('request.about')} value={of} onValue={(value) => setOf(value as typeof of)} choices={[{ value: 'household', label: t('request.of_household') }, { value: 'bsn', label: t('request.of_person') }, { value: 'signal', label: t('request.of_signal') }]} />
      )}
      {asked === 'household' ? <TextField label={t('request.household')} hint={t('request.household_hint')} value={household} onValue={setHousehold} error={tried && wrongHousehold ? t('request.household_wrong') : undefined} /> : null}
      {asked === 'bsn' ? <TextField label={t('request.bsn')} value={bsn} onValue={setBsn} max={9} error={tried && wrongBsn ? t('request.bsn_wrong') : undefined} /> : null}
      {asked === 'signal' ? (
        <>
          <TextField label={t('request.signal_id')} value={signal} onValue={setSignal} error={tried && signal.trim() === '' ? t('request.signal_missing') : undefined} />
          <TextField label={t('request.agency')} value={agency} onValue={setAgency} error={tried && agency.trim() === '' ? t('request.agency_missing') : undefined} />
        </>
      ) : null}
      {kind === 'rectification' ? <LongField label={t('request.correction')} value={correction} onValue={setCorrection} error={tried && correction.trim() === '' ? t('request.correction_missing') : undefined} /> : null}
      {kind === 'rectification' ? null : <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />}
    </ActDialog>
  );
}

function Decide({ request, deed, onDone, onClose }: { request: Request; deed: Deed; onDone: () => void; onClose: () => void }) {
  const [decision, setDecision] = useState('');
  const [reason, setReason] = useState('');
  const [bsn, setBsn] = useState('');
  const [tried, setTried] = useState(false);
  const person = deed === 'decide' && request.household === undefined && request.signal === undefined;
  const reasoned = deed === 'decide' || deed === 'lift';
  const act = async () => {
    setTried(true);
    if ((deed === 'decide' && decision === '') || (reasoned && reason.trim() === '') || (person && !/^\d{9}$/.test(bsn))) return false;
    if (deed === 'decide') await decideRequest(request.number, decision === 'upheld' ? 'upheld' : 'rejected', reason.trim(), person ? bsn : '');
    else if (deed === 'lift') await liftRequest(request.number, reason.trim());
    else await (deed === 'withdraw' ? withdrawRequest : confirmRequest)(request.number);
    notify(t('request.done', { n: request.number }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t(`request.${deed}_title`, { n: request.number })} does={t(`request.${deed}`)} act={act} onClose={onClose}>
      <p>{word('request_kind', request.kind)}: {about(request)}</p>
      {deed === 'decide' ? (
        <RadioField label={t('request.decision')} value={decision} onValue={setDecision} error={tried && decision === '' ? t('request.decision_missing') : undefined}
          choices={[{ value: 'upheld', label: t('request.upheld'), hint: t('request.upheld_hint') }, { value: 'rejected', label: t('request.rejected'), hint: t('request.rejected_hint') }]} />
      ) : null}
      {person ? <TextField label={t('request.bsn')} value={bsn} onValue={setBsn} max={9} error={tried && !/^\d{9}$/.test(bsn) ? t('request.bsn_wrong') : undefined} /> : null}
      {reasoned ? <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} /> : null}
      {deed === 'confirm' || (deed === 'lift' && request.state !== 'lifting') ? <p class="subtle">{t('request.two')}</p> : null}
    </ActDialog>
  );
}

export function Requests() {
  const { value, problem, fresh, again } = useLoad(readRequests, []);
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<{ request: Request; deed: Deed } | undefined>(undefined);
  const order = (request: Request) => instant(request.due) ?? Infinity;
  const open = value?.filter(({ ended }) => ended === undefined).sort((a, b) => order(a) - order(b)) ?? [];
  const ended = value?.filter(({ ended: at }) => at !== undefined) ?? [];
  const table = (items: readonly Request[], label: string, acts: boolean) => (
    <Table label={label} columns={[{ title: t('request.kind') }, { title: t('request.about') }, { title: t('request.asked') }, { title: acts ? t('request.due') : t('request.ended') }, { title: t('versions.who') }, ...(acts ? [{ title: t('request.next') }] : [])]}>
      {items.map((request) => (
        <Line key={request.number} name={<>{word('request_kind', request.kind)} <Badge shade={request.ended === undefined ? 'info' : 'neutral'}>{word('request_state', request.state)}</Badge></>}>
          <Cell>{about(request)}</Cell><Cell><When ms={instant(request.at)} short /></Cell><Cell><Due request={request} /></Cell>
          <Cell>{readable(request.author ?? '–')}{request.second === undefined ? '' : `, ${readable(request.second)}`}</Cell>
          {acts ? <Cell><span class="acts">{deedsOf(request).map((deed) => <Button key={deed} small label={t(`request.${deed}_title`, { n: request.number })} onClick={() => setChosen({ request, deed })}>{t(`request.${deed}`)}</Button>)}</span></Cell> : null}
        </Line>
      ))}
    </Table>
  );
  return (
    <Page title={t('nav.requests')} count={open.filter((request) => order(request) - now.value < SOON_MS).length} acts={<Button kind="primary" onClick={() => setAdding(true)}>{t('request.add')}</Button>}>
      <p class="lead">{t('request.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <>
          <section class="section" aria-labelledby="standing"><h2 id="standing" class="section__title">{t('request.standing')}</h2>{open.length === 0 ? <Empty title={t('request.none')} /> : table(open, t('request.list_open'), true)}</section>
          {ended.length === 0 ? null : <section class="section" aria-labelledby="ended"><h2 id="ended" class="section__title">{t('proposals.ended')}</h2>{table(ended, t('request.list_ended'), false)}</section>}
        </>
      )}
      {adding ? <Add onDone={() => void again()} onClose={() => setAdding(false)} /> : null}
      {chosen === undefined ? null : <Decide {...chosen} onDone={() => void again()} onClose={() => setChosen(undefined)} />}
    </Page>
  );
}
