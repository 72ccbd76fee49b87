import { BASE } from './router';
import { Page } from './page';
import { t } from '../words/words';

export function About() {
  return (
    <Page title={t('nav.about')}>
      <div class="prose">
        <p>{t('about.what')}</p>
        <h2>{t('about.access_title')}</h2>
        <p>{t('about.access')}</p>
        <h2>{t('about.keys_title')}</h2>
        <p>{t('about.keys')}</p>
        <h2>{t('about.licences_title')}</h2>
        <p>{t('about.licences')} <a class="utrecht-link utrecht-link--html-a" href={`${BASE}/licences.txt`} target="_blank" rel="noreferrer">licences.txt</a></p>
      </div>
    </Page>
  );
}
