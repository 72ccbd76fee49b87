// Rules that do nothing for a while, and agencies whose signals count for no rule for a while.
import { useState } from 'preact/hooks';
import { type Pause, type Row, pause, readPauses, readReport, resume, text } from '../net/control';
import { agencyName, directory } from '../net/directory';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { session } from '../net/session';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField, RadioField, TextField } from '../parts/field';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { endOfDay, fieldDay, instant } from '../words/dates';
import { readable, t, word } from '../words/words';
import { Cell, Line, Table } from './figures';

const subjectName = (one: Pause) => (one.kind === 'silence' ? agencyName(one.subject) : one.subject);

function Begin({ rules, onDone, onClose }: { rules: readonly string[]; onDone: () => void; onClose: () => void }) {
  const [kind, setKind] = useState<'pause' | 'silence'>('pause');
  const [subject, setSubject] = useState('');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const ends = endOfDay(until);
  const past = ends !== undefined && ends < now.value;
  const act = async () => {
    setTried(true);
    if (subject === '' || ends === undefined || past || reason.trim() === '') return false;
    const made = await pause(kind, subject, ends, reason);
    notify(made.proposal === undefined ? t('pauses.done') : t('propose.done', { n: made.proposal }));
    onDone();
    return undefined;
  };
  const choices = kind === 'pause' ? rules.map((rule) => ({ value: rule, label: rule })) : (directory.value?.agencies ?? []).map(({ id }) => ({ value: id, label: agencyName(id) }));
  return (
    <ActDialog title={t('pauses.begin')} does={t('pauses.do')} act={act} onClose={onClose}>
      <RadioField label={t('pauses.what')} value={kind} onValue={(value) => {
        setKind(value === 'silence' ? 'silence' : 'pause');
        setSubject('');
      }} choices={[{ value: 'pause', label: t('pauses.rule'), hint: t('pauses.rule_hint') }, { value: 'silence', label: t('pauses.agency'), hint: t('pauses.agency_hint') }]} />
      <ChoiceField label={t('pauses.which')} empty={t('pauses.choose')} value={subject} onValue={setSubject} choices={choices} error={tried && subject === '' ? t('pauses.which_missing') : undefined} />
      <TextField label={t('pauses.last')} type="date" value={until} min={fieldDay(now.value)} onValue={setUntil} error={!tried ? undefined : ends === undefined ? t('absence.to_missing') : past ? t('absence.past') : undefined} />
      <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

function End({ one, onDone, onClose }: { one: Pause; onDone: () => void; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const act = async () => {
    await resume(one.number, reason);
    notify(t('pauses.ended'));
    onDone();
  };
  return (
    <ActDialog title={t('pauses.end_title', { name: subjectName(one) })} does={t('pauses.end')} act={act} onClose={onClose}>
      <LongField label={t('propose.reason')} required={false} value={reason} onValue={setReason} />
    </ActDialog>
  );
}

async function read(signal: AbortSignal): Promise<{ pauses: Pause[]; rules: string[] }> {
  const operator = session.value?.party.kind === 'operator';
  const [pauses, report] = await Promise.all([readPauses(signal), operator ? readReport('rules', signal) : Promise.resolve({ rows: [] as Row[] })]);
  return { pauses, rules: report.rows.filter((row) => row.row === 'rule' && row['current'] === 1).map((row) => text(row, 'rule')) };
}

export function Pauses() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const [dialog, setDialog] = useState<'begin' | Pause | undefined>(undefined);
  const operator = session.value?.party.kind === 'operator';
  const shut = () => setDialog(undefined);
  const standing = (one: Pause) => one.ended === undefined && (instant(one.until) ?? 0) > now.value;
  return (
    <Page title={t('nav.pauses')} back={<Link to="/regels">{t('nav.rules')}</Link>} acts={operator ? <Button onClick={() => setDialog('begin')}>{t('pauses.begin')}</Button> : undefined}>
      <p class="lead">{t('pauses.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : value.pauses.length === 0 ? <Empty title={t('pauses.none')} /> : (
        <div class="section">
          <Table label={t('nav.pauses')} columns={[{ title: t('pauses.which') }, { title: t('pauses.until') }, { title: t('versions.who') }, { title: t('proposals.why') }, ...(operator ? [{ title: t('pauses.end') }] : [])]}>
            {value.pauses.map((one) => (
              <Line key={one.number} name={<>{subjectName(one)} <Badge shade={standing(one) ? 'warning' : 'neutral'}>{standing(one) ? word('control', one.kind) : t('pauses.over')}</Badge></>}>
                <Cell><When ms={instant(one.ended ?? one.until)} /></Cell><Cell>{readable(one.author)}{one.approver === undefined ? '' : `, ${readable(one.approver)}`}</Cell><Cell>{one.reason}</Cell>
                {operator ? <Cell>{standing(one) ? <Button small label={t('pauses.end_title', { name: subjectName(one) })} onClick={() => setDialog(one)}>{t('pauses.end')}</Button> : null}</Cell> : null}
              </Line>
            ))}
          </Table>
        </div>
      )}
      {dialog === undefined ? null : dialog === 'begin' ? <Begin rules={value?.rules ?? []} onDone={() => void again()} onClose={shut} /> : <End one={dialog} onDone={() => void again()} onClose={shut} />}
    </Page>
  );
}
