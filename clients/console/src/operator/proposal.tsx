// One proposal: what it changes, and the decision of somebody else.
import { useState } from 'preact/hooks';
import { type File, approve, readProposal, readRules, readVersion, reject, withdraw } from '../net/control';
import { asProblem } from '../net/api';
import { useLoad } from '../net/load';
import { session } from '../net/session';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { LongField } from '../parts/field';
import { Link } from '../parts/link';
import { Note, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { instant } from '../words/dates';
import { readable, t } from '../words/words';
import { ProposalState, aboutWhat } from './proposals';
import { TextDiff } from './texts';

export type Deed = 'approve' | 'reject' | 'withdraw';

interface Read { proposal: Awaited<ReturnType<typeof readProposal>>; before: File[] | undefined; after: File[] | undefined }

/** With the texts it came from and those it would bring, where they are kept. */
async function read(id: string, signal: AbortSignal): Promise<Read> {
  const proposal = await readProposal(id, signal);
  if (proposal.kind !== 'config') return { proposal, before: undefined, after: undefined };
  const textsOf = async (version: number | undefined): Promise<File[] | undefined> => {
    if (version === undefined || version === 0) return undefined;
    try {
      return (await readVersion(version, signal)).files;
    } catch (error) {
      if (asProblem(error)?.code === 'not_found') return undefined;
      throw error;
    }
  };
  const after = proposal.files ?? (await textsOf(proposal.made));
  const before = (await textsOf(proposal.against)) ?? (proposal.state === 'open' ? (await readRules(signal)).files : undefined);
  return { proposal, before, after };
}

export function Decide({ deed, number, onDone, onClose }: { deed: Deed; number: number; onDone: () => void; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const needed = deed === 'reject';
  const act = async () => {
    setTried(true);
    if (needed && reason.trim() === '') return false;
    await { approve, reject, withdraw }[deed](number, reason);
    notify(t(`decide.${deed}_done`, { n: number }));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t(`decide.${deed}_title`, { n: number })} does={t(`decide.${deed}`)} danger={deed === 'reject'} act={act} onClose={onClose}>
      <p>{t(`decide.${deed}_lead`)}</p>
      <LongField label={t('propose.reason')} required={needed} value={reason} onValue={setReason} error={needed && tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

export function ProposalPage({ params }: { params: Record<string, string> }) {
  const id = params['number'] ?? '';
  const { value, problem, fresh, again } = useLoad((signal) => read(id, signal), [id]);
  const [deed, setDeed] = useState<Deed | undefined>(undefined);
  const proposal = value?.proposal;
  const mine = proposal?.author === session.value?.party.id;
  const decides = proposal?.state === 'open' && session.value?.party.kind === 'operator';
  return (
    <Page title={t('proposals.number', { n: id })} back={<Link to="/voorstellen">{t('nav.proposals')}</Link>}
      beside={proposal === undefined ? undefined : <ProposalState state={proposal.state} />}
      under={proposal === undefined ? undefined : <><span>{aboutWhat(proposal)}</span><span>{t('proposals.by', { name: readable(proposal.author) })}</span><When ms={instant(proposal.at)} /></>}
      acts={!decides ? undefined : mine ? <Button onClick={() => setDeed('withdraw')}>{t('decide.withdraw')}</Button> : (
        <><Button kind="primary" onClick={() => setDeed('approve')}>{t('decide.approve')}</Button><Button danger onClick={() => setDeed('reject')}>{t('decide.reject')}</Button></>
      )}>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {decides && mine ? <Note tone="info" title={t('proposals.other_eyes')} /> : null}
      {value === undefined || proposal === undefined ? null : (
        <>
          <section class="section" aria-labelledby="why">
            <h2 id="why" class="section__title">{t('proposals.why')}</h2>
            <p class="said">{proposal.reason}</p>
            {proposal.until === undefined ? null : <p>{t('pauses.until')} <When ms={instant(proposal.until)} /></p>}
            {proposal.decider === undefined ? null : <p>{t('proposals.decided', { name: readable(proposal.decider) })} <When ms={instant(proposal.ended)} />{proposal.verdict === undefined || proposal.verdict === '' ? '' : `: ${proposal.verdict}`}</p>}
            {proposal.kind === 'key' ? <p><Link to="/sleutels">{t('keyring.see')}</Link></p> : null}
            {proposal.made === undefined || proposal.kind !== 'config' ? null : <p><Link to={`/versies/${proposal.made}`}>{t('overview.version', { version: proposal.made })}</Link></p>}
          </section>
          {proposal.kind !== 'config' ? null : (
            <section class="section" aria-labelledby="differs">
              <h2 id="differs" class="section__title">{t('diff.title')}</h2>
              {value.before === undefined || value.after === undefined ? <p class="subtle">{t('diff.lost')}</p> : <TextDiff before={value.before} after={value.after} />}
            </section>
          )}
        </>
      )}
      {deed === undefined ? null : <Decide deed={deed} number={Number(id)} onDone={() => void again()} onClose={() => setDeed(undefined)} />}
    </Page>
  );
}
