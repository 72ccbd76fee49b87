import { session } from '../net/session';
import { Absences } from '../parts/absences';
import { Page } from '../shell/page';
import { t } from '../words/words';

export function AbsencePage() {
  return (
    <Page title={t('absence.title')}>
      <p class="lead">{t('absence.lead')}</p>
      <section class="section"><Absences id={session.value?.party.id ?? ''} /></section>
    </Page>
  );
}
