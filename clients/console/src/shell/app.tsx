import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get } from '../net/api';
import { readDirectory } from '../net/directory';
import { follow, leave, link } from '../net/live';
import { run } from '../net/now';
import { look, session, standing } from '../net/session';
import type { Me } from '../net/shapes';
import { type PageEntry, PAGES, menuOf } from '../pages';
import { Button } from '../parts/button';
import { Empty, Note, Waiting } from '../parts/note';
import { Link } from '../parts/link';
import { language, t } from '../words/words';
import { dismissNotice, notice, said } from './announce';
import { DemonstrationBanner, Footer, Header, OfflineBar } from './frame';
import { KeysDialog } from './help';
import { Idle } from './idle';
import { keysOn, setKeys, useKeys } from './keys';
import { unread } from './mail';
import { Page } from './page';
import { go, match, moved, place } from './router';
import { SignIn } from './signin';

interface Found { page: PageEntry; params: Record<string, string> }

function find(path: string): Found | undefined {
  const role = session.value?.party.kind;
  for (const page of PAGES) {
    if (role === undefined || !page.roles.includes(role)) continue;
    const params = match(page.path, path);
    if (params !== undefined) return { page, params };
  }
  return undefined;
}

function Missing() {
  return (
    <Page title={t('page.missing')}>
      <Empty title={t('page.missing_why')}><p><Link to="/">{t('page.missing_home')}</Link></p></Empty>
    </Page>
  );
}

/** Loads the code of a page when it is first asked for. */
function Outlet({ found }: { found: Found }) {
  const [view, setView] = useState<{ page: PageEntry; View: ComponentType<{ params: Record<string, string> }> } | undefined>(undefined);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let wanted = true;
    setFailed(false);
    found.page.view().then(
      (View) => wanted && setView({ page: found.page, View }),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [found.page]);
  if (failed) {
    return (
      <Note tone="error" alert title={t('page.stale')}>
        <Button small onClick={() => location.reload()}>{t('page.reload')}</Button>
      </Note>
    );
  }
  if (view === undefined || view.page !== found.page) return <Waiting />;
  // A new case is a new page: nothing of the one before stays in its fields.
  return <view.View key={`${found.page.path} ${Object.values(found.params).join(' ')}`} params={found.params} />;
}

function Toast() {
  const told = notice.value;
  return (
    <div class="toasts" role="status">
      {told === undefined ? null : (
        <div class={`toast toast--${told.tone}`}>
          <p>{told.text}</p>
          <button type="button" class="toast__close" onClick={dismissNotice} aria-label={t('dialog.close')}>×</button>
        </div>
      )}
    </div>
  );
}

function SignedIn() {
  const [help, setHelp] = useState(false);
  const role = session.value?.party.kind;
  const menu = role === undefined ? [] : menuOf(role);
  const path = place.value;

  useEffect(() => {
    void readDirectory();
    let wanted = true;
    // From the newest message on: what there is already is read as lists.
    get<Me>('/v1/me').then(
      (me) => {
        if (!wanted) return;
        if (me.mailbox === undefined) return; // of a role without one
        unread.value = Math.max(0, me.mailbox.newest - me.mailbox.acknowledged);
        follow('/v1/mailbox/events', me.mailbox.newest);
      },
      () => wanted && follow('/v1/mailbox/events', 0),
    );
    return () => {
      wanted = false;
      leave();
    };
  }, [session.value?.party.id]);

  useEffect(() => {
    const home = menu[0];
    if (path === '/' && home !== undefined) go(home.path, true);
  }, [path, menu[0]?.path]);

  useKeys([
    { keys: '?', does: 'keys.help', run: () => setHelp(true) },
    ...menu.flatMap((page) => (page.letter === undefined ? [] : [{ keys: `g ${page.letter}`, does: page.title, run: () => go(page.path) }])),
  ]);

  const found = find(path);
  if (found?.page.bare === true) return <main id="main"><Outlet found={found} /></main>;
  return (
    <>
      <Header menu={menu} path={path} onHelp={() => setHelp(true)} />
      <OfflineBar />
      <main id="main" class="main" data-live={link.value}>
        {found === undefined ? (path === '/' ? <Waiting /> : <Missing />) : <Outlet found={found} />}
      </main>
      <Footer />
      <Idle />
      {help ? <KeysDialog on={keysOn.value} onSet={setKeys} onClose={() => setHelp(false)} /> : null}
    </>
  );
}

export function App() {
  useEffect(() => {
    void look();
    return run();
  }, []);
  useEffect(() => {
    document.documentElement.lang = language.value;
  }, [language.value]);
  const spoken = said.value;
  return (
    <>
      <a class="utrecht-skip-link utrecht-skip-link--visible-on-focus" href="#main" onClick={(event) => {
        event.preventDefault();
        const target = document.querySelector<HTMLElement>('#main h1');
        target?.focus();
        target?.scrollIntoView();
      }}>{t('page.skip')}</a>
      <DemonstrationBanner />
      {standing.value === 'in' ? <SignedIn /> : standing.value === 'unknown' ? <main id="main" class="main"><Waiting /></main> : <SignIn />}
      <Toast />
      <div class="only-read" aria-live="polite" data-turn={spoken.turn} data-moved={moved.value}>{spoken.text}</div>
    </>
  );
}
