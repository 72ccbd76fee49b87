// What residents asked, and legal holds: with their terms, the nearest first.
import { useState } from 'preact/hooks';
import { agencyName, directory, personName } from '../net/directory';
import { type Request, type RequestKind, addRequest, confirmRequest, decideRequest, erasePerson, liftRequest, readRequests, withdrawRequest } from '../net/privacy';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { session } from '../net/session';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField, RadioField, TextField } from '../parts/field';
import { Empty, Note, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { Cell, Line, Table } from '../operator/figures';
import { instant, term } from '../words/dates';
import { t, word } from '../words/words';

const OFFICERS: readonly RequestKind[] = ['objection', 'erasure', 'rectification', 'restriction', 'hold'];
const SOON_MS = 7 * 86_400_000;
type Deed = 'decide' | 'withdraw' | 'confirm' | 'lift';

const mine = () => session.value?.party.id;
const officer = () => session.value?.party.kind === 'privacy_officer';

/** What may be done about it now, and by this reader. A hold is placed and lifted by two; what is to be corrected, the agency corrects. */
function deedsOf(request: Request): Deed[] {
  if (request.ended !== undefined) return [];
  switch (request.kind) {
    case 'objection': return ['decide'];
    case 'restriction': return ['lift'];
    case 'erasure': return ['withdraw'];
    case 'rectification': return [];
    case 'hold':
      if (request.state === 'placed') return request.author === mine() ? ['lift'] : ['confirm', 'lift'];
      if (request.state === 'lifting') return request.second === mine() ? [] : ['confirm'];
      return ['lift'];
  }
}

/** Of somebody, not of a household: whom, is not told back. */
const ofPerson = (request: Request) => request.household === undefined && request.signal === undefined;

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

type Of = 'household' | 'bsn' | 'signal' | 'member';

/** About what a request of this kind may be. */
function subjects(kind: RequestKind): readonly Of[] {
  switch (kind) {
    case 'objection':
    case 'restriction': return ['household', 'bsn', 'signal'];
    case 'erasure': return ['household', 'member'];
    case 'rectification': return ['signal'];
    case 'hold': return ['household'];
  }
}

function Add({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const kinds = officer() ? OFFICERS : (['hold'] as const);
  const [kind, setKind] = useState<RequestKind>(kinds[0] ?? 'hold');
  const [of, setOf] = useState<Of>('household');
  const [household, setHousehold] = useState('');
  const [bsn, setBsn] = useState('');
  const [signal, setSignal] = useState('');
  const [agency, setAgency] = useState('');
  const [reason, setReason] = useState('');
  const [correction, setCorrection] = useState('');
  const [tried, setTried] = useState(false);
  const may = subjects(kind);
  const asked = may.includes(of) ? of : (may[0] ?? 'household');
  const named = asked === 'household' || asked === 'member';
  const numbered = asked === 'bsn' || asked === 'member';
  const wrongHousehold = named && !/^H[1-9]\d*$/.test(household.trim());
  const wrongBsn = numbered && !/^\d{9}$/.test(bsn.trim());
  const wrongSignal = asked === 'signal' && signal.trim() === '';
  const wrongAgency = asked === 'signal' && agency === '';
  const agencies = directory.value?.agencies ?? [];
  const wordless = asked === 'member' || kind === 'rectification';
  const act = async () => {
    setTried(true);
    if (wrongHousehold || wrongBsn || wrongSignal || wrongAgency || (kind === 'rectification' ? correction.trim() === '' : !wordless && reason.trim() === '')) return false;
    if (asked === 'member') await erasePerson(household.trim(), bsn.trim());
    else await addRequest({
      kind, ...(asked === 'household' ? { household: household.trim() } : asked === 'bsn' ? { bsn: bsn.trim() } : { signal: signal.trim(), agency }),
      ...(kind === 'rectification' ? { correction: correction.trim() } : { reason: reason.trim() }),
    });
    notify(t(asked === 'member' ? 'request.erased' : 'request.added'));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t(officer() ? 'request.add' : 'request.add_hold')} does={t(asked === 'member' ? 'request.erase' : 'request.save')} danger={asked === 'member'} act={act} onClose={onClose}>
      {kinds.length === 1 ? null : <ChoiceField label={t('request.kind')} hint={t(`request.hint_${kind}`)} value={kind} onValue={(value) => setKind(value as RequestKind)} choices={kinds.map((one) => ({ value: one, label: word('request_kind', one) }))} />}
      {kinds.length === 1 ? <p>{t('request.hint_hold')}</p> : null}
      {may.length === 1 ? null : (
        <RadioField label={t('request.about')} value={asked} onValue={(value) => setOf(value as Of)} choices={may.map((one) => ({ value: one, label: t(`request.of_${one}`) }))} />
      )}
      {named ? <TextField label={t('request.household')} hint={t('request.household_hint')} value={household} onValue={setHousehold} error={tried && wrongHousehold ? t('request.household_wrong') : undefined} /> : null}
      {numbered ? <TextField label={t('request.bsn')} value={bsn} onValue={setBsn} max={9} error={tried && wrongBsn ? t('request.bsn_wrong') : undefined} /> : null}
      {asked === 'signal' ? (
        <>
          <TextField label={t('request.signal_id')} hint={t('request.signal_hint')} value={signal} onValue={setSignal} error={tried && wrongSignal ? t('request.signal_missing') : undefined} />
          <ChoiceField label={t('request.agency')} value={agency} onValue={setAgency} empty={t('note.choose')} choices={agencies.map(({ id }) => ({ value: id, label: agencyName(id) }))} error={tried && wrongAgency ? t('request.agency_missing') : undefined} />
        </>
      ) : null}
      {asked === 'member' ? <Note tone="warning"><p>{t('request.erase_now')}</p></Note> : null}
      {kind === 'rectification' ? <LongField label={t('request.correction')} hint={t('request.correction_hint')} value={correction} onValue={setCorrection} error={tried && correction.trim() === '' ? t('request.correction_missing') : undefined} /> : null}
      {wordless ? null : <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />}
    </ActDialog>
  );
}

function Decide({ request, deed, onDone, onClose }: { request: Request; deed: Deed; onDone: () => void; onClose: () => void }) {
  const [decision, setDecision] = useState('');
  const [reason, setReason] = useState('');
  const [bsn, setBsn] = useState('');
  const [tried, setTried] = useState(false);
  const person = ofPerson(request);
  const reasoned = deed !== 'confirm';
  const act = async () => {
    setTried(true);
    if ((deed === 'decide' && decision === '') || (reasoned && reason.trim() === '') || (person && !/^\d{9}$/.test(bsn))) return false;
    if (deed === 'decide') await decideRequest(request.number, decision === 'upheld' ? 'upheld' : 'rejected', reason.trim(), person ? bsn : '');
    else if (deed === 'lift') await liftRequest(request.number, reason.trim(), person ? bsn : '');
    else if (deed === 'withdraw') await withdrawRequest(request.number, reason.trim());
    else await confirmRequest(request.number);
    notify(t('request.done', { n: request.number }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t(`request.${deed}_title`, { n: request.number })} does={t(`request.${deed}`)} act={act} onClose={onClose}>
      <p>{word('request_kind', request.kind)}: {about(request)}.</p>
      {deed === 'decide' ? (
        <RadioField label={t('request.decision')} value={decision} onValue={setDecision} error={tried && decision === '' ? t('request.decision_missing') : undefined}
          choices={[{ value: 'upheld', label: t('request.upheld'), hint: t('request.upheld_hint') }, { value: 'rejected', label: t('request.rejected'), hint: t('request.rejected_hint') }]} />
      ) : null}
      {person ? <TextField label={t('request.bsn')} value={bsn} onValue={setBsn} max={9} error={tried && !/^\d{9}$/.test(bsn) ? t('request.bsn_wrong') : undefined} /> : null}
      {reasoned ? <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} /> : null}
      {request.kind !== 'hold' || request.state === 'placed' && deed === 'lift' ? null : <p class="subtle">{t(deed !== 'confirm' ? 'request.two' : request.state === 'lifting' ? 'request.confirm_lifting' : 'request.confirm_placing', { name: personName(deed === 'confirm' && request.state === 'lifting' ? request.second ?? '' : request.author ?? '') })}</p>}
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
          <Cell>{request.author === undefined ? '–' : personName(request.author)}{request.second === undefined ? '' : `, ${personName(request.second)}`}</Cell>
          {acts ? <Cell><span class="acts">{deedsOf(request).length === 0 ? <span class="subtle">{t(request.kind === 'rectification' ? 'request.at_agency' : 'request.at_other')}</span> : null}{deedsOf(request).map((deed) => <Button key={deed} small label={t(`request.${deed}_title`, { n: request.number })} onClick={() => setChosen({ request, deed })}>{t(`request.${deed}`)}</Button>)}</span></Cell> : null}
        </Line>
      ))}
    </Table>
  );
  return (
    <Page title={t(officer() ? 'nav.requests' : 'nav.holds')} count={open.filter((request) => order(request) - now.value < SOON_MS).length} acts={<Button kind="primary" onClick={() => setAdding(true)}>{t(officer() ? 'request.add' : 'request.add_hold')}</Button>}>
      <p class="lead">{t(officer() ? 'request.lead' : 'request.lead_holds')}</p>
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
