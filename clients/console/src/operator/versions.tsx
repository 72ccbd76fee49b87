// What was in force and when, with what each version changed; an earlier one can be brought back.
import { useState } from 'preact/hooks';
import { type Version, readVersion, readVersions, rollBack } from '../net/control';
import { useLoad } from '../net/load';
import { session } from '../net/session';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { LongField } from '../parts/field';
import { Link } from '../parts/link';
import { ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { go } from '../shell/router';
import { instant } from '../words/dates';
import { count, readable, t } from '../words/words';
import { Cell, Line, Table } from './figures';
import { TextDiff } from './texts';

const who = (version: Version) => (version.author === undefined ? '–' : version.approver === undefined ? readable(version.author) : t('versions.both', { author: readable(version.author), approver: readable(version.approver) }));

export function Versions() {
  const { value, problem, fresh, again } = useLoad(readVersions, []);
  return (
    <Page title={t('nav.versions')} back={<Link to="/regels">{t('nav.rules')}</Link>}>
      <p class="lead">{t('versions.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <div class="section">
          <Table label={t('nav.versions')} columns={[{ title: t('versions.version') }, { title: t('versions.from') }, { title: t('versions.who') }, { title: t('proposals.why') }, { title: t('versions.cases'), figure: true }]}>
            {value.map((version) => (
              <Line key={version.number} name={<Link to={`/versies/${version.number}`}>{t('overview.version', { version: version.number })}</Link>}>
                <Cell><When ms={instant(version.at)} /> {version.ended === undefined ? <Badge shade="positive">{t('versions.now')}</Badge> : null}</Cell>
                <Cell>{who(version)}</Cell><Cell>{version.reason ?? '–'}</Cell><Cell figure>{count(version.cases)}</Cell>
              </Line>
            ))}
          </Table>
        </div>
      )}
    </Page>
  );
}

function Back({ version, onClose }: { version: number; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const act = async () => {
    setTried(true);
    if (reason.trim() === '') return false;
    const made = await rollBack(version, reason);
    notify(made.proposal === undefined ? t('propose.in_force', { n: made.version ?? 0 }) : t('propose.done', { n: made.proposal }));
    go(made.proposal === undefined ? '/versies' : `/voorstellen/${made.proposal}`);
    return undefined;
  };
  return (
    <ActDialog title={t('versions.back_title', { n: version })} does={t('versions.back')} act={act} onClose={onClose}>
      <p>{t('versions.back_lead')}</p>
      <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

async function read(id: string, signal: AbortSignal) {
  const [version, all] = await Promise.all([readVersion(id, signal), readVersions(signal)]);
  const earlier = all.find((one) => one.number < version.number && one.kept);
  const before = earlier === undefined ? undefined : await readVersion(earlier.number, signal);
  return { version, before };
}

export function VersionPage({ params }: { params: Record<string, string> }) {
  const id = params['number'] ?? '';
  const { value, problem, fresh, again } = useLoad((signal) => read(id, signal), [id]);
  const [asked, setAsked] = useState(false);
  const version = value?.version;
  const may = version !== undefined && version.kept && version.ended !== undefined && session.value?.party.kind === 'operator';
  return (
    <Page title={t('overview.version', { version: id })} back={<Link to="/versies">{t('nav.versions')}</Link>}
      under={version === undefined ? undefined : <><span>{t('versions.from')} <When ms={instant(version.at)} /></span>{version.ended === undefined ? <Badge shade="positive">{t('versions.now')}</Badge> : <span>{t('pauses.until')} <When ms={instant(version.ended)} /></span>}</>}
      acts={may ? <Button onClick={() => setAsked(true)}>{t('versions.back')}</Button> : undefined}>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined || version === undefined ? null : (
        <>
          {version.reason === undefined ? null : <section class="section" aria-labelledby="why"><h2 id="why" class="section__title">{t('proposals.why')}</h2><p class="said">{version.reason}</p><p>{who(version)}</p></section>}
          <section class="section" aria-labelledby="differs">
            <h2 id="differs" class="section__title">{value.before === undefined ? t('diff.first') : t('versions.against', { version: value.before.number })}</h2>
            {version.files === undefined ? <p class="subtle">{t('diff.lost')}</p> : <TextDiff before={value.before?.files ?? []} after={version.files} />}
          </section>
        </>
      )}
      {asked ? <Back version={Number(id)} onClose={() => setAsked(false)} /> : null}
    </Page>
  );
}
