// The plan on paper, for the family: what, who and when, in plain words, without numbers of persons and without signals.
import { domainName, regisseurName } from '../net/directory';
import { readCase } from '../net/cases';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { session } from '../net/session';
import { Button } from '../parts/button';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { townName } from '../shell/frame';
import { Page } from '../shell/page';
import { day, instant } from '../words/dates';
import { t, word } from '../words/words';
import { ownerName } from './plan.view';

export function PlanPrint({ params }: { params: Record<string, string> }) {
  const id = params['case'] ?? '';
  const { value, problem, fresh, again } = useLoad((signal) => readCase(id, signal), [id]);
  return (
    <div class="paper">
      <div class="paper__acts">
        <Link to={`/casussen/${id}`}>{t('print.back', { case: id })}</Link>
        <Button kind="primary" small onClick={() => print()}>{t('print.print')}</Button>
      </div>
      <Page title={t('print.title')}>
        {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
        {fresh ? <Waiting /> : null}
        {value === undefined ? null : (
          <>
            <p class="paper__lead">{t('print.lead')}</p>
            <dl class="facts paper__facts">
              <div><dt>{t('print.regisseur')}</dt><dd>{regisseurName(value.regisseur ?? session.value?.party.id ?? '')}{session.value?.municipality ? `, ${townName(session.value.municipality)}` : ''}</dd></div>
              <div><dt>{t('print.date')}</dt><dd>{day(now.value)}</dd></div>
              <div><dt>{t('print.number')}</dt><dd>{value.id}</dd></div>
            </dl>
            {value.goals.length === 0 ? <Empty title={t('plan.none')} /> : (
              <ol class="paper__goals">
                {value.goals.filter((goal) => goal.state !== 'dropped').map((goal, i) => (
                  <li key={i} class="paper__goal">
                    <p class="paper__domain">{domainName(goal.domain)}</p>
                    <p class="paper__text">{goal.text}</p>
                    <p>{t('print.who')} <strong>{ownerName(goal.owner)}</strong>. {t('print.when')} <strong><When ms={instant(goal.due)} short /></strong>. {t('print.state')} <strong>{word('goal', goal.state).toLowerCase()}</strong>.</p>
                  </li>
                ))}
              </ol>
            )}
            <p>{t('print.rights')}</p>
            <div class="paper__sign"><p>{t('print.sign_family')}</p><p>{t('print.sign_regisseur')}</p></div>
          </>
        )}
      </Page>
    </div>
  );
}
