import { useState } from 'preact/hooks';
import { lostSince, link } from '../net/live';
import { demonstration } from '../net/api';
import { session, signOut } from '../net/session';
import type { PageEntry } from '../pages';
import { clock } from '../words/dates';
import { regisseurName } from '../net/directory';
import { type Language, language, speak, t, word } from '../words/words';
import { unread } from './mail';
import { href } from './router';

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <path class="mark__door" d="M8 28V7.5L21 4v24z" />
      <path class="mark__frame" d="M21 7.5h4V28" />
      <circle class="mark__knob" cx="17.6" cy="17" r="1.6" />
    </svg>
  );
}

/** Loud on purpose: nothing here is real, and nobody may think so. */
export function DemonstrationBanner() {
  if (!demonstration.value) return null;
  return (
    <div class="demonstration" role="region" aria-label={t('demo.label')}>
      <strong>{t('demo.title')}</strong> <span>{t('demo.text')}</span>
    </div>
  );
}

export function LanguageSwitch() {
  const other: Language = language.value === 'nl' ? 'en' : 'nl';
  return (
    <button type="button" class="bar__button" lang={other} onClick={() => speak(other)}>
      {other === 'en' ? 'English' : 'Nederlands'}
    </button>
  );
}

export function townName(code: string | null | undefined): string {
  if (code === null || code === undefined || code === '') return '';
  return word('town', code) === code ? code : word('town', code);
}

export function whoName(): string {
  const who = session.value;
  if (who === undefined) return '';
  if (who.name !== undefined && who.name !== '') return who.name;
  return regisseurName(who.party.id);
}

export function Header({ menu, path, onHelp }: { menu: readonly PageEntry[]; path: string; onHelp: () => void }) {
  const [open, setOpen] = useState(false);
  const role = session.value?.party.kind ?? 'agency';
  const town = townName(session.value?.municipality);
  return (
    <header class="bar">
      <div class="bar__inner">
        <a class="bar__home" href={href('/')}>
          <Mark />
          <span class="bar__name">Voordeur</span>
          {town === '' ? null : <span class="bar__town">{town}</span>}
        </a>
        <button type="button" class="bar__button bar__toggle" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>{t('bar.menu')}</button>
        <nav id="menu" class={`bar__menu${menu.length > 6 ? ' bar__menu--long' : ''}${open ? ' bar__menu--open' : ''}`} aria-label={t('bar.menu')}>
          <ul class="bar__list">
            {menu.map((page) => {
              const here = path === page.path || path.startsWith(`${page.path}/`) || (page === menu[0] && /^\/casussen\/[^/]+$/.test(path));
              return (
                <li key={page.path}>
                  <a href={href(page.path)} class="bar__link" aria-current={here ? 'page' : undefined} onClick={() => setOpen(false)}>
                    {t(page.title)}
                    {page.path === '/meldingen' && unread.value > 0 ? <span class="bar__count"><span class="only-read">, {t('mail.unread')} </span>{unread.value}</span> : null}
                  </a>
                </li>
              );
            })}
          </ul>
          <div class="bar__who">
            <span class="bar__person"><span class="bar__party">{whoName()}</span> <span class="bar__role">{word('role', role)}</span></span>
            <button type="button" class="bar__button" onClick={onHelp} aria-label={t('keys.title')} aria-keyshortcuts="?">?</button>
            <LanguageSwitch />
            <button type="button" class="bar__button" onClick={() => void signOut()}>{t('bar.leave')}</button>
          </div>
        </nav>
      </div>
    </header>
  );
}

export function OfflineBar() {
  const lost = link.value === 'lost';
  return (
    <div role="status">
      {lost ? <div class="offline"><strong>{t('offline.title')}</strong> <span>{t('offline.text', { time: clock(lostSince.value) })}</span></div> : null}
    </div>
  );
}

export function Footer() {
  return (
    <footer class="foot">
      <a class="utrecht-link utrecht-link--html-a" href={href('/over')}>{t('nav.about')}</a>
    </footer>
  );
}
