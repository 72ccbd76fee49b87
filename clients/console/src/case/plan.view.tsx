import { useEffect, useRef, useState } from 'preact/hooks';
import { asProblem } from '../net/api';
import { readCase, setPlan } from '../net/cases';
import { directory, agencyName, domainIds, domainName, regisseurName } from '../net/directory';
import { session } from '../net/session';
import type { Case, Goal } from '../net/shapes';
import { Badge, type Shade } from '../parts/badge';
import { Button } from '../parts/button';
import { ChoiceField, LongField, TextField } from '../parts/field';
import { Empty, Note, ProblemNote } from '../parts/note';
import { Scroll } from '../parts/scroll';
import { useSending } from '../parts/sending';
import { When } from '../parts/when';
import { GOAL_STATES, goalOver } from '../regisseur/groups';
import { notify } from '../shell/announce';
import { href, unsaved } from '../shell/router';
import { now } from '../net/now';
import { endOfDay, fieldDay, instant } from '../words/dates';
import { t, tn, word } from '../words/words';
import { type Clash, type Draft, type Merged, bare, drafts, isClash, merge, samePlan } from './plan';

const SHADES: Record<string, Shade> = { open: 'neutral', doing: 'info', reached: 'positive', dropped: 'neutral' };

/** Who sees to a goal, in words: the plan keeps an id of the town, "regisseur", "gezin", or a name. */
export function ownerName(owner: string): string {
  if (owner === 'regisseur' || owner === 'gezin') return word('owner', owner);
  if (directory.value?.regisseurs.some((r) => r.id === owner) === true) return regisseurName(owner);
  return directory.value?.agencies.some((a) => a.id === owner) === true ? agencyName(owner) : owner;
}

export function GoalState({ state }: { state: string }) {
  return <Badge shade={SHADES[state] ?? 'neutral'}>{word('goal', state)}</Badge>;
}

function GoalRow({ goal }: { goal: Goal }) {
  const due = instant(goal.due);
  const late = due !== undefined && due < now.value && !goalOver(goal);
  return (
    <tr class={`utrecht-table__row${goalOver(goal) ? ' goal--over' : ''}`}>
      <td class="utrecht-table__cell goal__text"><span class="goal__domain">{domainName(goal.domain)}</span>{goal.text}</td>
      <td class="utrecht-table__cell">{ownerName(goal.owner)}</td>
      <td class={`utrecht-table__cell goal__due${late ? ' goal__due--late' : ''}`}><When ms={due} short />{late ? <span class="goal__late"> {t('goal.late')}</span> : null}</td>
      <td class="utrecht-table__cell"><GoalState state={goal.state} /></td>
    </tr>
  );
}

function GoalsTable({ goals }: { goals: readonly Goal[] }) {
  return (
    <Scroll label={t('plan.title')}>
      <table class="utrecht-table goals">
        <thead class="utrecht-table__header">
          <tr class="utrecht-table__row">
            {(['what', 'who', 'when', 'state'] as const).map((column) => <th key={column} scope="col" class="utrecht-table__header-cell">{t(`goal.${column}`)}</th>)}
          </tr>
        </thead>
        <tbody class="utrecht-table__body">{goals.map((goal, i) => <GoalRow key={i} goal={goal} />)}</tbody>
      </table>
    </Scroll>
  );
}

interface Faults { text?: string; owner?: string; due?: string }

function faultsOf(draft: Draft): Faults {
  return {
    ...(draft.text.trim() === '' ? { text: t('goal.text_missing') } : {}),
    ...(draft.owner.trim() === '' ? { owner: t('goal.owner_missing') } : {}),
    ...(instant(draft.due) === undefined ? { due: t('goal.due_missing') } : {}),
  };
}

function GoalFields({ draft, index, tried, owners, onChange, onRemove }: {
  draft: Draft; index: number; tried: boolean; owners: { value: string; label: string }[]; onChange: (draft: Draft) => void; onRemove: () => void;
}) {
  const faults = tried ? faultsOf(draft) : {};
  const domains = domainIds();
  const choices = (domains.includes(draft.domain) ? domains : [draft.domain, ...domains]).map((id) => ({ value: id, label: domainName(id) }));
  const known = owners.some((owner) => owner.value === draft.owner);
  const due = instant(draft.due);
  return (
    <fieldset class="draft">
      <legend class="draft__title">{t('goal.number', { n: index + 1 })}</legend>
      <div class="draft__wide"><LongField label={t('goal.what')} value={draft.text} onValue={(text) => onChange({ ...draft, text })} rows={2} error={faults.text} /></div>
      <ChoiceField label={t('goal.domain')} value={draft.domain} onValue={(domain) => onChange({ ...draft, domain })} choices={choices} />
      <ChoiceField
        label={t('goal.who')} value={draft.owner} onValue={(owner) => onChange({ ...draft, owner })} error={faults.owner}
        choices={known || draft.owner === '' ? owners : [{ value: draft.owner, label: draft.owner }, ...owners]} empty={t('goal.choose')}
      />
      <TextField label={t('goal.when')} type="date" value={due === undefined ? '' : fieldDay(due)} error={faults.due}
        onValue={(field) => {
          const end = endOfDay(field);
          onChange({ ...draft, due: end === undefined ? '' : new Date(end).toISOString() });
        }} />
      <ChoiceField label={t('goal.state')} value={draft.state} onValue={(state) => onChange({ ...draft, state })} choices={GOAL_STATES.map((state) => ({ value: state, label: word('goal', state) }))} />
      <div class="draft__remove"><Button kind="subtle" small danger onClick={onRemove} label={t('goal.remove_label', { n: index + 1 })}>{t('goal.remove')}</Button></div>
    </fieldset>
  );
}

function GoalText({ goal }: { goal: Goal | undefined }) {
  if (goal === undefined) return <p class="subtle">{t('conflict.removed')}</p>;
  return (
    <dl class="facts">
      <div><dt>{t('goal.what')}</dt><dd>{goal.text}</dd></div>
      <div><dt>{t('goal.who')}</dt><dd>{ownerName(goal.owner)}</dd></div>
      <div><dt>{t('goal.when')}</dt><dd><When ms={instant(goal.due)} short /></dd></div>
      <div><dt>{t('goal.state')}</dt><dd>{word('goal', goal.state)}</dd></div>
    </dl>
  );
}

/** Somebody else saved the plan first. What does not touch is already together; only what does is asked. */
function Conflict({ merged, onChosen, onCancel }: { merged: Merged; onChosen: (goals: Goal[]) => void; onCancel: () => void }) {
  const [choices, setChoices] = useState<Record<number, 'mine' | 'theirs'>>({});
  const clashes = merged.parts.filter(isClash);
  const done = clashes.every((_, i) => choices[i] !== undefined);
  const chosen = (): Goal[] => {
    let at = 0;
    return merged.parts.flatMap((part) => {
      if (!isClash(part)) return [part];
      const goal = choices[at++] === 'mine' ? part.mine : part.theirs;
      return goal === undefined ? [] : [goal];
    });
  };
  const side = (clash: Clash, i: number, which: 'mine' | 'theirs') => (
    <div class={`conflict__side${choices[i] === which ? ' conflict__side--chosen' : ''}`}>
      <p class="conflict__who">{t(which === 'mine' ? 'conflict.mine' : 'conflict.theirs')}</p>
      <GoalText goal={clash[which]} />
      <Button small pressed={choices[i] === which} onClick={() => setChoices({ ...choices, [i]: which })}>{t(which === 'mine' ? 'conflict.keep_mine' : 'conflict.keep_theirs')}</Button>
    </div>
  );
  return (
    <div class="conflict">
      <Note tone="warning" alert title={t('conflict.title')}>
        <p>{clashes.length === 0 ? t('conflict.none') : tn('conflict.some', clashes.length)}</p>
      </Note>
      {clashes.map((clash, i) => (
        <div key={i} class="conflict__pair" role="group" aria-label={t('conflict.pair', { n: i + 1 })}>
          {side(clash, i, 'theirs')}
          {side(clash, i, 'mine')}
        </div>
      ))}
      <div class="acts">
        <Button kind="primary" disabled={!done} onClick={() => onChosen(chosen())}>{t('conflict.save')}</Button>
        <Button kind="subtle" onClick={onCancel}>{t('conflict.drop')}</Button>
      </div>
    </div>
  );
}

interface Editing { base: Goal[]; revision: number; goals: Draft[]; next: number }

export function Plan({ value, mayEdit, onChanged }: { value: Case; mayEdit: boolean; onChanged: () => Promise<void> }) {
  const [editing, setEditing] = useState<Editing | undefined>(undefined);
  const [tried, setTried] = useState(false);
  const { busy: saving, problem, repeating, send, hold, forget } = useSending();
  /** What was sent and not answered: if it stands, it is one's own. */
  const sent = useRef<{ goals: Goal[]; revision: number } | undefined>(undefined);
  const [conflict, setConflict] = useState<{ merged: Merged; revision: number } | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  const agencies = [...new Set(value.signals.map((signal) => signal.agency).filter((id) => id !== undefined))];
  const owners = [
    { value: 'gezin', label: word('owner', 'gezin') },
    { value: session.value?.party.id ?? 'regisseur', label: t('owner.me') },
    ...agencies.map((id) => ({ value: id, label: agencyName(id) })),
  ];

  const busy = editing !== undefined;
  useEffect(() => {
    unsaved.value = busy ? t('plan.leave') : '';
    return () => {
      unsaved.value = '';
    };
  }, [busy]);

  const begin = (goals: readonly Goal[]) => {
    stop();
    setTried(false);
    const list = drafts(goals);
    setEditing({ base: [...goals], revision: value.planRevision, goals: list.length > 0 ? list : [blank(0)], next: Math.max(1, list.length) });
  };
  const blank = (number: number): Draft => ({
    number, domain: value.signals[0]?.domain ?? domainIds()[0] ?? 'social', text: '', owner: '', due: new Date(now.value + 30 * 86_400_000).toISOString(), state: 'open',
  });
  const stop = () => {
    setEditing(undefined);
    setConflict(undefined);
    forget();
    sent.current = undefined;
  };
  const put = async (goals: Goal[], revision: number): Promise<void> => {
    const before = sent.current;
    sent.current = { goals, revision: revision + 1 };
    try {
      await setPlan(value.id, revision + 1, goals);
    } catch (error) {
      const found = asProblem(error);
      const newer = found?.code === 'wrong_state' || found?.code === 'stale_revision' ? await readCase(value.id).catch(() => undefined) : undefined;
      if (editing === undefined || newer === undefined || newer.planRevision <= revision || newer.state !== 'active') throw error;
      // What stands may be what was sent from here before, and changed since: that is nobody else's.
      if (before !== undefined && before.revision === newer.planRevision && samePlan(before.goals, newer.goals)) return put(goals, newer.planRevision);
      setConflict({ merged: merge(editing.base, editing.goals, newer.goals), revision: newer.planRevision });
      return;
    }
    notify(t('plan.saved'));
    await onChanged();
    stop();
  };
  const save = (goals: Goal[], revision: number) => send(() => put(goals, revision));
  const submit = async (event: Event) => {
    event.preventDefault();
    if (editing === undefined) return;
    setTried(true);
    if (editing.goals.some((draft) => Object.keys(faultsOf(draft)).length > 0)) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    await save(editing.goals.map(bare), editing.revision);
  };

  const heading = (
    <div class="section__head">
      <h2 id="plan" class="section__title">{t('plan.title')}</h2>
      {editing !== undefined || value.goals.length === 0 ? null : (
        <span class="section__acts">
          {mayEdit ? <Button small onClick={() => begin(value.goals)}>{t('plan.edit')}</Button> : null}
          {value.state === 'active' ? <a class="utrecht-link utrecht-link--html-a" href={href(`/casussen/${value.id}/plan`)}>{t('plan.print')}</a> : null}
        </span>
      )}
    </div>
  );

  if (editing === undefined) {
    return (
      <section class="section" aria-labelledby="plan">
        {heading}
        {value.goals.length > 0 ? <GoalsTable goals={value.goals} /> : (
          <Empty title={t('plan.none')}>
            {mayEdit ? <Button small onClick={() => begin([])}>{t('plan.begin')}</Button> : null}
          </Empty>
        )}
      </section>
    );
  }
  return (
    <section class="section" aria-labelledby="plan">
      {heading}
      {problem === undefined ? null : <ProblemNote problem={problem} repeating={repeating} />}
      {conflict === undefined && value.planRevision > editing.revision && problem === undefined && !saving ? <Note tone="warning" alert title={t('plan.newer')}><p>{t('plan.newer_why')}</p></Note> : null}
      {conflict !== undefined ? (
        <Conflict merged={conflict.merged} onCancel={stop} onChosen={(goals) => void save(goals, conflict.revision)} />
      ) : (
        <form ref={form} noValidate class="drafts" onSubmit={(event) => void submit(event)} onInput={hold} onChange={hold}>
          {editing.goals.map((draft, i) => (
            <GoalFields
              key={draft.number} draft={draft} index={i} tried={tried} owners={owners}
              onChange={(changed) => setEditing({ ...editing, goals: editing.goals.map((old) => (old.number === draft.number ? changed : old)) })}
              onRemove={() => setEditing({ ...editing, goals: editing.goals.filter((old) => old.number !== draft.number) })}
            />
          ))}
          <div><Button small onClick={() => setEditing({ ...editing, goals: [...editing.goals, blank(editing.next)], next: editing.next + 1 })}>{t('plan.add')}</Button></div>
          <div class="acts">
            <Button kind="primary" type="submit" busy={saving}>{t('plan.save')}</Button>
            <Button kind="subtle" onClick={stop}>{t('dialog.cancel')}</Button>
          </div>
        </form>
      )}
    </section>
  );
}
