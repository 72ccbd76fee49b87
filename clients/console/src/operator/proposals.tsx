// What is proposed: by whom, why, and where it is. What one operator proposes another one decides.
import { type Proposal, readProposals } from '../net/control';
import { useLoad } from '../net/load';
import { session } from '../net/session';
import { Badge, type Shade } from '../parts/badge';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { Page } from '../shell/page';
import { instant } from '../words/dates';
import { readable, t, word } from '../words/words';
import { Cell, Line, Table } from './figures';

const SHADES: Record<Proposal['state'], Shade> = { open: 'warning', approved: 'positive', rejected: 'negative', withdrawn: 'neutral' };

export function ProposalState({ state }: { state: Proposal['state'] }) {
  return <Badge shade={SHADES[state]}>{word('proposal', state)}</Badge>;
}

export function aboutWhat(proposal: Proposal): string {
  if (proposal.rollbackOf !== undefined) return t('proposals.rollback', { version: proposal.rollbackOf });
  return proposal.subject === undefined ? word('control', proposal.kind) : `${word('control', proposal.kind)}: ${proposal.subject}`;
}

function List({ items, label }: { items: readonly Proposal[]; label: string }) {
  return (
    <Table label={label} columns={[{ title: t('proposals.what') }, { title: t('proposals.state') }, { title: t('proposals.author') }, { title: t('proposals.when') }, { title: t('proposals.why') }]}>
      {items.map((proposal) => (
        <Line key={proposal.number} name={<Link to={`/voorstellen/${proposal.number}`}>{t('proposals.number', { n: proposal.number })}</Link>}>
          <Cell>{aboutWhat(proposal)} <ProposalState state={proposal.state} /></Cell>
          <Cell>{readable(proposal.author)}{proposal.author === session.value?.party.id ? ` (${t('proposals.you')})` : ''}</Cell>
          <Cell><When ms={instant(proposal.at)} /></Cell>
          <Cell>{proposal.reason}</Cell>
        </Line>
      ))}
    </Table>
  );
}

export function Proposals() {
  const { value, problem, fresh, again } = useLoad(readProposals, []);
  const open = value?.filter(({ state }) => state === 'open') ?? [];
  const ended = value?.filter(({ state }) => state !== 'open') ?? [];
  return (
    <Page title={t('nav.proposals')} count={open.length} acts={<Link to="/versies">{t('nav.versions')}</Link>}>
      <p class="lead">{t('proposals.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <>
          <section class="section" aria-labelledby="open"><h2 id="open" class="section__title">{t('proposals.open')}</h2>{open.length === 0 ? <Empty title={t('proposals.none')} /> : <List items={open} label={t('proposals.list_open')} />}</section>
          {ended.length === 0 ? null : <section class="section" aria-labelledby="ended"><h2 id="ended" class="section__title">{t('proposals.ended')}</h2><List items={ended} label={t('proposals.list_ended')} /></section>}
        </>
      )}
    </Page>
  );
}
