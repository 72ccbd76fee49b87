import { useState } from 'preact/hooks';
import { openGlass, readCase, readExplanation } from '../net/cases';
import { agencyKind, agencyName, domainName, regisseurName } from '../net/directory';
import { useLoad } from '../net/load';
import { session } from '../net/session';
import type { Case, Explanation, Household } from '../net/shapes';
import { get } from '../net/api';
import { PriorityBadge, StateBadge } from '../parts/badge';
import { Button } from '../parts/button';
import { Link } from '../parts/link';
import { ActDialog } from '../parts/dialog';
import { LongField } from '../parts/field';
import { Empty, Note, ProblemNote, Waiting } from '../parts/note';
import { Clock, When } from '../parts/when';
import { useKeys } from '../shell/keys';
import { Page } from '../shell/page';
import { go } from '../shell/router';
import { instant } from '../words/dates';
import { t, tn, word } from '../words/words';
import { AssignDialog } from '../coordinator/assign';
import { type ActName, CaseDialog, take } from './acts';
import { Lanes } from './lanes';
import { Messages } from './messages';
import { Plan } from './plan.view';
import { reason } from './why';

interface Told { value: Case; explanation: Explanation | undefined; household: Household | undefined }

const OPEN = ['unassigned', 'offered', 'active'];

async function readAll(id: string, signal: AbortSignal): Promise<Told> {
  const value = await readCase(id, signal);
  const open = OPEN.includes(value.state);
  const regisseur = session.value?.party.kind === 'regisseur';
  // Of a case that ended, or that is somebody else's by now, there is no more than itself.
  const [explanation, household] = await Promise.all([
    open && regisseur ? readExplanation(id, signal).catch(() => undefined) : undefined,
    open && value.household !== undefined && (regisseur || value.state === 'unassigned')
      ? get<Household>(`/v1/households/${encodeURIComponent(value.household)}`, signal).catch(() => undefined) : undefined,
  ]);
  return { value, explanation, household };
}

/** One sentence: why this household, why now, why you. */
function Why({ told, me }: { told: Told; me: string }) {
  if (told.explanation === undefined) return null;
  const { now, you, rule } = reason(told.explanation, told.value, me);
  return (
    <section class="why" aria-labelledby="why">
      <h2 id="why" class="why__title">{t('why.title')}</h2>
      <p class="why__now">{now} {you}</p>
      <p class="why__rule">{rule}</p>
    </section>
  );
}

function Household({ household }: { household: Household }) {
  return (
    <section class="section section--side" aria-labelledby="household">
      <h2 id="household" class="section__title">{t('household.title', { household: household.id })}</h2>
      {household.persons.length === 0 ? null : (
        <ul class="plain">
          {household.persons.map((person, i) => (
            <li key={person.handle ?? i} class="person">
              <span class="person__role">{person.role === undefined ? t('household.person', { n: i + 1 }) : word('role', person.role)}</span>
              <span class="person__number">{person.bsn === undefined ? t('household.hidden') : t('household.bsn', { bsn: person.bsn })}</span>
            </li>
          ))}
        </ul>
      )}
      {household.addresses.length === 0 ? null : (
        <ul class="plain">
          {household.addresses.map((address, i) => (
            <li key={address.handle ?? i} class="person">
              <span class="person__role">{t('household.address')}</span>
              <span class="person__number">{address.bag === undefined ? t('household.hidden') : t('household.bag', { bag: address.bag })}</span>
            </li>
          ))}
        </ul>
      )}
      {household.district === undefined ? null : <p class="subtle">{t('case.district', { district: household.district })}</p>}
    </section>
  );
}

function Involved({ value }: { value: Case }) {
  const agencies = new Map<string, { count: number; domains: Set<string>; last: number }>();
  for (const signal of value.signals) {
    if (signal.agency === undefined || signal.withdrawn) continue;
    const found = agencies.get(signal.agency) ?? { count: 0, domains: new Set<string>(), last: 0 };
    found.count++;
    if (signal.domain !== undefined) found.domains.add(signal.domain);
    found.last = Math.max(found.last, instant(signal.occurredAt) ?? 0);
    agencies.set(signal.agency, found);
  }
  if (agencies.size === 0) return null;
  return (
    <section class="section section--side" aria-labelledby="involved">
      <h2 id="involved" class="section__title">{t('involved.title')}</h2>
      <ul class="plain">
        {[...agencies].map(([id, found]) => (
          <li key={id} class="agency">
            <span class="agency__name">{agencyName(id)}</span>
            {agencyKind(id) === undefined || agencyKind(id)?.toLowerCase() === agencyName(id).toLowerCase() ? null : <span class="agency__kind">{agencyKind(id)}</span>}
            <span class="agency__what">{tn('involved.signals', found.count)} · {[...found.domains].map(domainName).join(', ')}</span>
            <span class="agency__last">{t('involved.last')} <When ms={found.last === 0 ? undefined : found.last} short /></span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Opens what is not one's own, for a reason that the privacy officers read. */
function Glass({ id, onOpened }: { id: string; onOpened: (value: Case) => void }) {
  const [asked, setAsked] = useState(false);
  const [words, setWords] = useState('');
  const [tried, setTried] = useState(false);
  const short = new TextEncoder().encode(words.trim()).length < 10;
  return (
    <>
      <Button onClick={() => setAsked(true)}>{t('glass.open')}</Button>
      {!asked ? null : (
        <ActDialog
          title={t('glass.title', { case: id })} does={t('glass.go')} danger onClose={() => setAsked(false)}
          act={async () => {
            setTried(true);
            if (short) return false;
            onOpened(await openGlass(id, words.trim()));
            return undefined;
          }}
        >
          <p>{t('glass.lead')}</p>
          <LongField label={t('glass.reason')} hint={t('glass.hint')} value={words} onValue={setWords} error={tried && short ? t('glass.short') : undefined} focus />
        </ActDialog>
      )}
    </>
  );
}

function Handover({ value, me, onTake }: { value: Case; me: string; onTake: () => Promise<void> }) {
  if (value.handoverTo === undefined) return null;
  if (value.handoverTo === me) {
    return (
      <Note title={t('handover.to_you', { name: regisseurName(value.regisseur ?? '') })}>
        <p>{t('handover.to_you_why', { name: regisseurName(value.regisseur ?? '') })}</p>
        <Button kind="primary" small onClick={onTake} keys="a">{t('handover.take')}</Button>
      </Note>
    );
  }
  return <Note title={t('handover.standing', { name: regisseurName(value.handoverTo) })}><p>{value.regisseur === me ? t('handover.standing_why') : ''}</p></Note>;
}

export function CasePage({ params }: { params: Record<string, string> }) {
  const id = params['case'] ?? '';
  const me = session.value?.party.id ?? '';
  const role = session.value?.party.kind;
  const { value: told, problem, fresh, again } = useLoad((signal) => readAll(id, signal), [id]);
  const [dialog, setDialog] = useState<ActName | 'assign' | undefined>(undefined);
  const [glass, setGlass] = useState<Case | undefined>(undefined);
  const home = role === 'coordinator' ? '/verdeling' : '/casussen';

  // What was seen stays to be read when it is no longer one's own: the loser of a race sees what happened.
  const value = glass ?? told?.value;
  const mine = value !== undefined && value.regisseur === me && role === 'regisseur';
  const offered = mine && value.state === 'offered';
  const active = mine && value.state === 'active';
  const handover = value?.handoverTo === me && role === 'regisseur';
  const lost = problem?.code === 'not_found';

  const takeIt = async () => {
    if (value === undefined) return;
    await take(value);
    await again();
  };
  const on = (wanted: boolean, name: ActName) => () => {
    if (wanted) setDialog(name);
  };
  useKeys([
    { keys: 'a', does: 'keys.accept', run: () => (offered || handover) && void takeIt() },
    { keys: 'w', does: 'keys.decline', run: on(offered, 'decline') },
    { keys: 'o', does: 'keys.handover', run: on(active, 'handover') },
    { keys: 'u', does: 'keys.escalate', run: on(active, 'escalate') },
    { keys: 'x', does: 'keys.close', run: on(active, 'close') },
    { keys: 'Backspace', does: 'keys.back', run: () => go(home) },
  ]);

  const acts = value === undefined || lost ? undefined : offered ? (
    <>
      <Button kind="primary" keys="a" onClick={takeIt}>{t('case.accept')}</Button>
      <Button keys="w" onClick={() => setDialog('decline')}>{t('case.decline')}</Button>
      <Button kind="subtle" onClick={() => setDialog('dismiss')}>{t('case.dismiss')}</Button>
    </>
  ) : active ? (
    <>
      <Button keys="o" onClick={() => setDialog('handover')}>{t('case.handover')}</Button>
      <Button keys="u" onClick={() => setDialog('escalate')}>{t('case.escalate')}</Button>
      <Button keys="x" onClick={() => setDialog('close')}>{t('case.close')}</Button>
    </>
  ) : role === 'coordinator' && OPEN.includes(value.state) ? (
    <>
      <Button kind="primary" onClick={() => setDialog('assign')}>{t(value.state === 'unassigned' ? 'assign.go' : 'assign.again')}</Button>
      {value.state === 'unassigned' ? <Button onClick={() => setDialog('dismiss')}>{t('case.dismiss')}</Button> : null}
    </>
  ) : undefined;

  const until = instant(value?.acceptBy);
  return (
    <Page
      title={t('case.title', { case: id })}
      back={<Link to={home} keys="Backspace">{t(role === 'coordinator' ? 'nav.unassigned' : 'nav.inbox')}</Link>}
      beside={value === undefined ? null : <><StateBadge state={value.state} />{value.priority === 'normal' ? null : <PriorityBadge priority={value.priority} />}</>}
      under={value === undefined ? undefined : (
        <>
          <span>{t('case.household', { household: value.household ?? '' })}</span>
          <span>{t('case.since')} <When ms={instant(value.since)} /></span>
          {value.regisseur && !mine ? <span>{t('case.regisseur', { name: regisseurName(value.regisseur) })}</span> : null}
          {until !== undefined && value.state === 'offered' ? <Clock until={until} from={instant(value.since)} /> : null}
        </>
      )}
      acts={acts}
    >
      {problem === undefined ? null : lost ? (
        <Note tone="warning" alert title={t(value === undefined ? 'case.not_yours' : 'case.lost', { case: id })}>
          <p>{t(value === undefined ? 'case.not_yours_why' : 'case.lost_why')}</p>
          {value === undefined && role !== undefined ? <Glass id={id} onOpened={setGlass} /> : <Link to={home}>{t('page.missing_home')}</Link>}
        </Note>
      ) : <ProblemNote problem={problem} again={() => void again()} />}
      {glass === undefined ? null : <Note tone="warning" title={t('glass.opened')} />}
      {fresh ? <Waiting rows={6} /> : value === undefined ? null : (
        <div class="case">
          <div class="case__main">
            {value.ended === undefined ? null : (
              <Note title={t('case.ended', { state: word('state', value.state) })}>
                <p><When ms={instant(value.ended)} />{value.endedWith ? <> – {value.endedWith}</> : null}</p>
              </Note>
            )}
            <Handover value={value} me={me} onTake={takeIt} />
            {told === undefined ? null : <Why told={told} me={me} />}
            <section class="section" aria-labelledby="timeline">
              <h2 id="timeline" class="section__title">{t('timeline.title')}</h2>
              {value.signals.length === 0 ? <Empty title={t('timeline.none')} /> : <Lanes signals={value.signals} />}
            </section>
            {value.state === 'active' || value.goals.length > 0 ? <Plan value={value} mayEdit={active} onChanged={again} /> : null}
          </div>
          <div class="case__side">
            <Involved value={value} />
            {told?.household === undefined ? null : <Household household={told.household} />}
            {active ? <Messages value={value} onSent={again} /> : null}
          </div>
        </div>
      )}
      {dialog === undefined || value === undefined ? null : dialog === 'assign' ? (
        <AssignDialog summary={value} onDone={() => void again()} onClose={() => setDialog(undefined)} />
      ) : (
        <CaseDialog name={dialog} summary={value} goals={value.goals} onDone={() => void again()} onClose={() => setDialog(undefined)} />
      )}
    </Page>
  );
}
