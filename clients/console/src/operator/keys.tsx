// Who may connect to the broker, until when, and who said so. A key that matters most needs a second pair of eyes.
import { useState } from 'preact/hooks';
import { type Row, number, text, time } from '../net/control';
import { directory, partyName } from '../net/directory';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { addKey, readKeys, revokeKey, rotateKey } from '../net/operate';
import { session } from '../net/session';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField, TextField } from '../parts/field';
import { Link } from '../parts/link';
import { Note, ProblemNote, Waiting } from '../parts/note';
import { type Entry, useSettled } from '../parts/settle';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { endOfDay, fieldDay, term } from '../words/dates';
import { readable, t, word } from '../words/words';
import { KEY_SHADES, SECTIONS, isKey, needsTwo, ordered, sectionOf } from './keyring';
import { type Deed, Decide } from './proposal';
import { told } from './refusal';
import { RowMain, Rows, Tally } from './rows';

const DAY = 86_400_000;
const ROLES = ['agency', 'regisseur', 'service', 'coordinator', 'privacy_officer', 'operator', 'auditor'] as const;

const kindOf = (row: Row) => text(row, 'party').replace(/:.*$/, '');
const idIn = (row: Row) => text(row, 'party').replace(/^[^:]*:/, '');
const nameOf = (row: Row) => partyName({ kind: kindOf(row), id: idIn(row) });
const idOf = (row: Row) => text(row, 'publicKey');

/** Of a role, who there is; undefined: the table of the town does not say. */
function known(role: string): string[] | undefined {
  const town = directory.value;
  return role === 'agency' ? town?.agencies?.map(({ id }) => id) : role === 'regisseur' ? town?.regisseurs?.map(({ id }) => id) : role === 'service' ? town?.services?.map(({ id }) => id) : undefined;
}

interface Done { onDone: () => void; onClose: () => void }

function done(made: { proposal?: number | undefined }, words: string): void {
  notify(made.proposal === undefined ? words : t('propose.done', { n: made.proposal }));
}

/** A party's first key, or with `row` one that takes the place of that one. */
function Give({ row, onDone, onClose }: Done & { row?: Row }) {
  const [role, setRole] = useState(row === undefined ? '' : kindOf(row));
  const [id, setId] = useState(row === undefined ? '' : idIn(row));
  const [key, setKey] = useState('');
  const [days, setDays] = useState('7');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const ends = endOfDay(until);
  const past = ends !== undefined && ends < now.value;
  const overlap = Number(days);
  const badDays = row !== undefined && !(Number.isInteger(overlap) && overlap >= 1 && overlap <= 365);
  const choices = known(role);
  const act = async () => {
    setTried(true);
    if (role === '' || id.trim() === '' || !isKey(key) || past || badDays || reason.trim() === '') return false;
    const made = { party: `${role}:${id.trim()}`, publicKey: key.trim(), until: ends, reason };
    done(await told(() => (row === undefined ? addKey(made) : rotateKey(made, overlap * DAY))), row === undefined ? t('keyring.added') : t('keyring.rotated'));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={row === undefined ? t('keyring.add') : t('keyring.rotate_title', { name: nameOf(row) })} does={row === undefined ? t('keyring.add_do') : t('keyring.rotate')} act={act} onClose={onClose}>
      <p>{row === undefined ? t('keyring.add_lead') : t('keyring.rotate_lead')}</p>
      {row !== undefined ? null : (
        <>
          <ChoiceField label={t('keyring.role')} empty={t('pauses.choose')} value={role} onValue={(value) => { setRole(value); setId(''); }} choices={ROLES.map((one) => ({ value: one, label: word('role', one) }))} error={tried && role === '' ? t('pauses.which_missing') : undefined} />
          {choices === undefined ? <TextField label={t('keyring.id')} hint={t('keyring.id_hint')} value={id} onValue={setId} error={tried && id.trim() === '' ? t('keyring.id_missing') : undefined} />
            : <ChoiceField label={t('keyring.id')} empty={t('pauses.choose')} value={id} onValue={setId} choices={choices.map((one) => ({ value: one, label: partyName({ kind: role, id: one }) }))} error={tried && id === '' ? t('pauses.which_missing') : undefined} />}
        </>
      )}
      {needsTwo(role) ? <Note tone="info" title={t('keyring.two')} /> : null}
      <TextField label={t('keyring.public')} hint={t('keyring.public_hint')} value={key} onValue={setKey} error={tried && !isKey(key) ? t('keyring.public_wrong') : undefined} />
      {row === undefined ? null : <TextField label={t('keyring.overlap')} type="number" min="1" hint={t('keyring.overlap_hint')} value={days} onValue={setDays} error={tried && badDays ? t('keyring.overlap_wrong') : undefined} />}
      <TextField label={t('pauses.last')} type="date" required={false} hint={t('keyring.last_hint')} value={until} min={fieldDay(now.value)} onValue={setUntil} error={tried && past ? t('absence.past') : undefined} />
      <LongField label={t('propose.reason')} rows={2} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

function Revoke({ row, onDone, onClose }: Done & { row: Row }) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const act = async () => {
    setTried(true);
    if (reason.trim() === '') return false;
    await told(() => revokeKey(idOf(row), reason));
    notify(t('keyring.revoked', { name: nameOf(row) }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t('keyring.revoke_title', { name: nameOf(row) })} does={t('keyring.revoke')} danger act={act} onClose={onClose}>
      <p>{t('keyring.revoke_lead')}</p>
      <p class="key__public">{idOf(row)}</p>
      <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

type Act = { name: 'add' } | { name: 'rotate'; row: Row } | { name: 'revoke'; row: Row } | { name: 'decide'; deed: Deed; number: number };

function Acts({ row, onAct }: { row: Row; onAct: (act: Act) => void }) {
  const proposal = number(row, 'proposal');
  if (sectionOf(row) === 'proposed') {
    const decide = (deed: Deed) => onAct({ name: 'decide', deed, number: proposal });
    if (text(row, 'author') === session.value?.party.id) return <Button small label={t('decide.withdraw_title', { n: proposal })} onClick={() => decide('withdraw')}>{t('decide.withdraw')}</Button>;
    return (
      <>
        <Button small kind="primary" label={t('decide.approve_title', { n: proposal })} onClick={() => decide('approve')}>{t('decide.approve')}</Button>
        <Button small danger label={t('decide.reject_title', { n: proposal })} onClick={() => decide('reject')}>{t('decide.reject')}</Button>
      </>
    );
  }
  return (
    <>
      <Button small label={t('keyring.rotate_title', { name: nameOf(row) })} onClick={() => onAct({ name: 'rotate', row })}>{t('keyring.rotate')}</Button>
      <Button small kind="subtle" danger label={t('keyring.revoke_title', { name: nameOf(row) })} onClick={() => onAct({ name: 'revoke', row })}>{t('keyring.revoke')}</Button>
    </>
  );
}

function Ends({ row }: { row: Row }) {
  const until = time(row, 'untilMs');
  const ended = time(row, 'endedMs');
  if (sectionOf(row) === 'ended') return <When ms={ended ?? until} short />;
  return until === undefined ? <span>{t('keyring.no_end')}</span> : <When ms={until} short />;
}

/** Who gave it, who said yes, and how it ended. */
function Said({ row }: { row: Row }) {
  const author = text(row, 'author');
  const by = author === '' ? t('keyring.of_file') : text(row, 'approver') === '' ? t('proposals.by', { name: readable(author) }) : t('keyring.by_two', { author: readable(author), approver: readable(text(row, 'approver')) });
  const mine = sectionOf(row) === 'proposed' && author === session.value?.party.id;
  return (
    <>
      <span>{by}{time(row, 'atMs') === undefined ? null : <>, <When ms={time(row, 'atMs')} short /></>}</span>
      {text(row, 'reason') === '' ? null : <span>{text(row, 'reason')}</span>}
      {text(row, 'endedBy') === '' ? null : <span>{t('keyring.ended_by', { name: readable(text(row, 'endedBy')) })}{text(row, 'endedWhy') === '' ? '' : `: ${text(row, 'endedWhy')}`}</span>}
      {mine ? <span>{t('proposals.other_eyes')}</span> : null}
      <span class="key__public">{idOf(row)}</span>
    </>
  );
}

export function Keys() {
  const { value, problem, fresh, again } = useLoad(readKeys, []);
  const [act, setAct] = useState<Act | undefined>(undefined);
  const operator = session.value?.party.kind === 'operator';
  const entries: Entry<Row>[] | undefined = value === undefined ? undefined : ordered(value).map((row) => ({ id: idOf(row), section: sectionOf(row), value: row }));
  const settled = useSettled(entries);
  const shut = () => setAct(undefined);
  const changed = () => void again().then(settled.show);
  const urgent = entries?.filter(({ section }) => section === 'proposed' || section === 'expiring').length ?? 0;
  return (
    <Page title={t('nav.keys')} count={urgent} acts={operator ? <Button kind="primary" onClick={() => setAct({ name: 'add' })}>{t('keyring.add')}</Button> : undefined}>
      <p class="lead">{t('keyring.lead')} <Link to="/voorstellen">{t('nav.proposals')}</Link></p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <Rows settled={settled} sections={SECTIONS.map((id) => ({ id, title: word('key_section', id) }))} none={t('keyring.none')} level={(row) => (sectionOf(row) === 'expiring' || sectionOf(row) === 'proposed' ? 'high' : '')}>
          {(row, gone) => (
            <>
              <RowMain title={nameOf(row)} sub={word('role', kindOf(row))} beside={<Badge shade={KEY_SHADES[text(row, 'state')] ?? 'neutral'}>{word('key_state', text(row, 'state'))}</Badge>}><Said row={row} /></RowMain>
              <Tally figures={[
                { name: sectionOf(row) === 'ended' ? t('keyring.ended') : t('keyring.ends'), value: <Ends row={row} /> },
                ...(sectionOf(row) === 'ended' || time(row, 'untilMs') === undefined ? [] : [{ name: t('keyring.left'), value: term((time(row, 'untilMs') ?? 0) - now.value), tone: sectionOf(row) === 'expiring' ? 'look' as const : undefined }]),
              ]} />
              <div class="row__acts">{operator && !gone && sectionOf(row) !== 'ended' ? <Acts row={row} onAct={setAct} /> : null}</div>
            </>
          )}
        </Rows>
      )}
      {act === undefined ? null : act.name === 'add' ? <Give onDone={changed} onClose={shut} />
        : act.name === 'rotate' ? <Give row={act.row} onDone={changed} onClose={shut} />
          : act.name === 'revoke' ? <Revoke row={act.row} onDone={changed} onClose={shut} />
            : <Decide deed={act.deed} number={act.number} onDone={changed} onClose={shut} />}
    </Page>
  );
}
