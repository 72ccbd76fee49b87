// What a regisseur can do with a case, as dialogs: one act each, with what it means beside it.
import { useState } from 'preact/hooks';
import { asProblem, inWords } from '../net/api';
import { accept, acceptHandover, close, decline, dismiss, escalate, handOver, readCase } from '../net/cases';
import { directory, regisseurName } from '../net/directory';
import { session } from '../net/session';
import type { CaseSummary, Goal } from '../net/shapes';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField, RadioField, TextField } from '../parts/field';
import { goalOver } from '../regisseur/groups';
import { notify } from '../shell/announce';
import { readable, t, word } from '../words/words';

export type ActName = 'decline' | 'dismiss' | 'handover' | 'escalate' | 'close';

/** Takes an offered case, or a case whose hand-over is offered; tells how it went. True where it is taken. */
export async function take(summary: CaseSummary): Promise<boolean> {
  const handover = summary.state === 'active';
  const done = () => notify(t(handover ? 'act.handover_accepted' : 'act.accepted', { case: summary.id }));
  try {
    await (handover ? acceptHandover : accept)(summary.id);
    done();
    return true;
  } catch (error) {
    const problem = asProblem(error);
    if (problem === undefined) return false;
    // It may be theirs already: taken in another window, or by a press whose answer did not come.
    const found = await readCase(summary.id).catch(() => undefined);
    if (found?.state === 'active' && found.regisseur === session.value?.party.id) {
      done();
      return true;
    }
    const { title, advice } = inWords(problem);
    const lost = problem.code === 'wrong_state' || problem.code === 'not_allowed' || problem.code === 'not_found' || problem.code === 'unknown_case';
    notify(lost ? t('act.accept_lost', { case: summary.id }) : `${title}. ${advice}`, 'negative');
    return false;
  }
}

interface DialogProps { summary: CaseSummary; onDone: () => void; onClose: () => void }

const REASONS = {
  decline: ['no_time', 'knows_family', 'expertise', 'district', 'other'],
  dismiss: ['regular_help', 'already_helped', 'no_problem', 'moved', 'no_permission', 'other'],
} as const;

/** A reason from a short list, and words of one's own. */
function ReasonDialog({ name, summary, onDone, onClose }: DialogProps & { name: 'decline' | 'dismiss' }) {
  const [choice, setChoice] = useState('');
  const [words, setWords] = useState('');
  const [tried, setTried] = useState(false);
  const named = (code: string) => (name === 'decline' ? word('decline', code) : word('dismiss', code));
  const missing = choice === 'other' && words.trim() === '';
  const act = async () => {
    setTried(true);
    if (choice === '' || missing) return false as const;
    const reason = [choice === 'other' ? '' : named(choice), words.trim()].filter((part) => part !== '').join(': ');
    await (name === 'decline' ? decline : dismiss)(summary.id, reason);
    notify(t(name === 'decline' ? 'act.declined' : 'act.dismissed', { case: summary.id }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t(name === 'decline' ? 'decline.title' : 'dismiss.title', { case: summary.id })} does={t(name === 'decline' ? 'decline.go' : 'dismiss.go')} act={act} onClose={onClose}>
      <p>{t(name === 'decline' ? 'decline.lead' : 'dismiss.lead')}</p>
      <RadioField
        label={t('reason.label')} value={choice} onValue={setChoice} error={tried && choice === '' ? t('reason.missing') : undefined}
        choices={REASONS[name].map((value) => ({ value, label: named(value) }))}
      />
      <LongField label={t('reason.words')} value={words} onValue={setWords} required={choice === 'other'} rows={2} error={tried && missing ? t('reason.words_missing') : undefined} />
    </ActDialog>
  );
}

function HandoverDialog({ summary, onDone, onClose }: DialogProps) {
  const [to, setTo] = useState('');
  const [tried, setTried] = useState(false);
  const me = session.value?.party.id;
  const others = (directory.value?.regisseurs ?? []).filter((r) => r.id !== me);
  const act = async () => {
    setTried(true);
    if (to === '') return false as const;
    await handOver(summary.id, to);
    notify(t('act.handover_offered', { case: summary.id, name: regisseurName(to) }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t('handover.title', { case: summary.id })} does={t('handover.go')} act={act} onClose={onClose}>
      <p>{t('handover.lead')}</p>
      <ChoiceField
        label={t('handover.to')} value={to} onValue={setTo} empty={t('handover.choose')} focus error={tried && to === '' ? t('handover.missing') : undefined}
        choices={others.map((r) => ({ value: r.id, label: regisseurName(r.id) + (r.absent === true ? ` (${t('regisseur.absent')})` : '') }))}
      />
    </ActDialog>
  );
}

const LEVELS = ['process', 'team', 'agency', 'alderman', 'other'] as const;

function EscalateDialog({ summary, onDone, onClose }: DialogProps) {
  const [level, setLevel] = useState('');
  const [other, setOther] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const to = level === 'other' ? other.trim() : level === '' ? '' : word('escalate', level);
  const act = async () => {
    setTried(true);
    if (to === '' || reason.trim() === '') return false as const;
    await escalate(summary.id, to, reason.trim());
    notify(t('act.escalated', { case: summary.id }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t('escalate.title', { case: summary.id })} does={t('escalate.go')} act={act} onClose={onClose}>
      <p>{t('escalate.lead')}</p>
      <RadioField
        label={t('escalate.to')} value={level} onValue={setLevel} error={tried && level === '' ? t('escalate.to_missing') : undefined}
        choices={LEVELS.map((value) => ({ value, label: word('escalate', value) }))}
      />
      {level === 'other' ? <TextField label={t('escalate.other_to')} value={other} onValue={setOther} error={tried && to === '' ? t('escalate.to_missing') : undefined} /> : null}
      <LongField label={t('escalate.reason')} value={reason} onValue={setReason} rows={3} error={tried && reason.trim() === '' ? t('reason.words_missing') : undefined} />
    </ActDialog>
  );
}

const OUTCOMES = ['lasting', 'helped', 'unchanged', 'worse', 'contact_lost', 'moved', 'child_protection', 'safety_house', 'unfounded', 'deceased'] as const;

function CloseDialog({ summary, goals, onDone, onClose }: DialogProps & { goals: readonly Goal[] }) {
  const [outcome, setOutcome] = useState('');
  const [words, setWords] = useState('');
  const [tried, setTried] = useState(false);
  const open = goals.filter((goal) => !goalOver(goal));
  const act = async () => {
    setTried(true);
    if (outcome === '') return false as const;
    await close(summary.id, [word('outcome', outcome), words.trim()].filter((part) => part !== '').join(': '));
    notify(t('act.closed', { case: summary.id }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t('close.title', { case: summary.id })} does={t('close.go')} act={act} onClose={onClose}>
      <p>{t('close.lead')}</p>
      {open.length === 0 ? null : (
        <div class="aside-note"><p>{t('close.open_goals')}</p><ul>{open.map((goal, i) => <li key={i}>{readable(goal.text)}</li>)}</ul></div>
      )}
      <ChoiceField
        label={t('close.outcome')} value={outcome} onValue={setOutcome} empty={t('close.choose')} error={tried && outcome === '' ? t('close.missing') : undefined}
        choices={OUTCOMES.map((value) => ({ value, label: word('outcome', value) }))}
      />
      <LongField label={t('close.words')} value={words} onValue={setWords} required={false} rows={3} />
    </ActDialog>
  );
}

export function CaseDialog({ name, ...rest }: DialogProps & { name: ActName; goals: readonly Goal[] }) {
  switch (name) {
    case 'decline':
    case 'dismiss':
      return <ReasonDialog name={name} {...rest} />;
    case 'handover':
      return <HandoverDialog {...rest} />;
    case 'escalate':
      return <EscalateDialog {...rest} />;
    case 'close':
      return <CloseDialog {...rest} />;
  }
}
