// Who signals: as always, less, or not any more; and what of it is refused. By agency, nobody else is named.
import { type Row, number, readReport, text, time } from '../net/control';
import { agencyKind, agencyName } from '../net/directory';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { Badge } from '../parts/badge';
import { Link } from '../parts/link';
import { ProblemNote, Waiting } from '../parts/note';
import { type Entry, useSettled } from '../parts/settle';
import { Ago } from '../parts/when';
import { Page } from '../shell/page';
import { count, t } from '../words/words';
import { QUIET, SHADES, SLOW, byNeed, convenantEnded, rhythmOf, silenced } from './rhythm';
import { RowMain, Rows, Tally } from './rows';

const read = async (signal: AbortSignal): Promise<Row[]> => byNeed((await readReport('agencies', signal)).rows);
export const pathOf = (agency: string) => `/instanties/${encodeURIComponent(agency)}`;

export function AgencyBadges({ row }: { row: Row }) {
  const rhythm = rhythmOf(row);
  return (
    <>
      <Badge shade={SHADES[rhythm]}>{t(`rhythm.${rhythm}`)}</Badge>
      {convenantEnded(row) ? <Badge shade="negative">{t('agencies.no_convenant')}</Badge> : null}
      {silenced(row, now.value) ? <Badge shade="warning">{t('agencies.silenced')}</Badge> : null}
    </>
  );
}

export function Agencies() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const entries: Entry<Row>[] | undefined = value?.map((row) => ({ id: text(row, 'agency'), section: 'all', value: row }));
  const settled = useSettled(entries);
  const quiet = value?.filter((row) => rhythmOf(row) === 'quiet').length ?? 0;
  return (
    <Page title={t('nav.agencies')} count={quiet}>
      <p class="lead">{t('agencies.lead', { slow: SLOW, quiet: QUIET })}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <Rows settled={settled} sections={[{ id: 'all', title: '' }]} none={t('agencies.none')} to={(row) => pathOf(text(row, 'agency'))} level={(row) => (rhythmOf(row) === 'quiet' || convenantEnded(row) ? 'urgent' : rhythmOf(row) === 'slow' ? 'high' : '')}>
          {(row) => {
            const refused = number(row, 'refused');
            return (
              <>
                <RowMain level={2} title={<Link to={pathOf(text(row, 'agency'))}>{agencyName(text(row, 'agency'))}</Link>} sub={agencyKind(text(row, 'agency'))} beside={<AgencyBadges row={row} />}>
                  <span class="subtle">{time(row, 'lastMs') === undefined ? t('rhythm.never') : <>{t('agencies.last')} <Ago ms={time(row, 'lastMs')} /></>}</span>
                </RowMain>
                <Tally figures={[
                  { name: t('agencies.day'), value: count(number(row, 'signalsDay')) }, { name: t('agencies.week'), value: count(number(row, 'signalsWeek')) },
                  { name: t('agencies.refused'), value: count(refused), tone: refused > 0 ? 'look' : undefined }, { name: t('agencies.duplicates'), value: count(number(row, 'duplicates')) },
                ]} />
              </>
            );
          }}
        </Rows>
      )}
    </Page>
  );
}
