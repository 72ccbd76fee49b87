// Which pages there are, for whom, and where: the one table that the menu, the router and the keys are made of.
import type { ComponentType } from 'preact';
import type { Role } from './net/session';
import type { Key } from './words/words';

export type Params = Record<string, string>;

export interface PageEntry {
  /** Below /app; `:name` stands for a part. */
  path: string;
  roles: readonly Role[];
  title: Key;
  /** Of pages in the menu: the second key after `g`. */
  letter?: string;
  /** In the menu of the role. */
  menu: boolean;
  /** Nothing but itself on the screen: for paper. */
  bare?: boolean;
  view: () => Promise<ComponentType<{ params: Params }>>;
}

const regisseur: readonly Role[] = ['regisseur'];
const coordinator: readonly Role[] = ['coordinator'];
const operator: readonly Role[] = ['operator'];
const officer: readonly Role[] = ['privacy_officer'];
const oversight: readonly Role[] = ['operator', 'auditor'];

// The first page in the menu of a role is where that role begins.
export const PAGES: readonly PageEntry[] = [
  { path: '/casussen', roles: regisseur, title: 'nav.inbox', letter: 'c', menu: true, view: async () => (await import('./regisseur/inbox')).Inbox },
  { path: '/verdeling', roles: coordinator, title: 'nav.unassigned', letter: 'v', menu: true, view: async () => (await import('./coordinator/unassigned')).Unassigned },
  { path: '/opvolging', roles: coordinator, title: 'nav.followups', letter: 'o', menu: true, view: async () => (await import('./coordinator/followups')).FollowUps },
  { path: '/huishoudens', roles: coordinator, title: 'nav.reviews', letter: 'h', menu: true, view: async () => (await import('./coordinator/reviews')).Reviews },
  { path: '/regisseurs', roles: coordinator, title: 'nav.regisseurs', letter: 'r', menu: true, view: async () => (await import('./coordinator/regisseurs')).Regisseurs },
  { path: '/verzoeken', roles: officer, title: 'nav.requests', letter: 'v', menu: true, view: async () => (await import('./privacy/requests')).Requests },
  { path: '/bewaren', roles: coordinator, title: 'nav.holds', letter: 'b', menu: true, view: async () => (await import('./privacy/requests')).Requests },
  { path: '/meldingen', roles: ['regisseur', 'coordinator', 'privacy_officer'], title: 'nav.mailbox', letter: 'm', menu: true, view: async () => (await import('./shell/mailbox')).MailboxPage },
  { path: '/afwezigheid', roles: regisseur, title: 'nav.absence', letter: 'a', menu: true, view: async () => (await import('./regisseur/absence')).AbsencePage },
  { path: '/casussen/:case', roles: ['regisseur', 'coordinator'], title: 'nav.case', menu: false, view: async () => (await import('./case/case')).CasePage },
  { path: '/casussen/:case/plan', roles: regisseur, title: 'nav.print', menu: false, bare: true, view: async () => (await import('./case/print')).PlanPrint },
  { path: '/overzicht', roles: operator, title: 'nav.overview', letter: 'o', menu: true, view: async () => (await import('./operator/overview')).Overview },
  { path: '/instanties', roles: operator, title: 'nav.agencies', letter: 'i', menu: true, view: async () => (await import('./operator/agencies')).Agencies },
  { path: '/instanties/:id', roles: operator, title: 'nav.agencies', menu: false, view: async () => (await import('./operator/agency')).AgencyPage },
  { path: '/wachtrijen', roles: operator, title: 'nav.queues', letter: 'w', menu: true, view: async () => (await import('./operator/queues')).Queues },
  { path: '/bezorging', roles: operator, title: 'nav.deliveries', letter: 'b', menu: true, view: async () => (await import('./operator/deliveries')).DeliveriesPage },
  { path: '/regels', roles: oversight, title: 'nav.rules', letter: 'r', menu: true, view: async () => (await import('./operator/rules')).RulesPage },
  { path: '/regels/wijzigen', roles: operator, title: 'editor.title', menu: false, view: async () => (await import('./operator/editor')).Editor },
  { path: '/voorstellen', roles: oversight, title: 'nav.proposals', letter: 'v', menu: true, view: async () => (await import('./operator/proposals')).Proposals },
  { path: '/voorstellen/:number', roles: oversight, title: 'nav.proposals', menu: false, view: async () => (await import('./operator/proposal')).ProposalPage },
  { path: '/uitleg', roles: operator, title: 'nav.explain', letter: 'u', menu: true, view: async () => (await import('./operator/explain')).Explain },
  { path: '/sleutels', roles: oversight, title: 'nav.keys', letter: 's', menu: true, view: async () => (await import('./operator/keys')).Keys },
  { path: '/opslag', roles: oversight, title: 'nav.storage', letter: 'p', menu: true, view: async () => (await import('./operator/storage')).Storage },
  { path: '/versies', roles: oversight, title: 'nav.versions', menu: false, view: async () => (await import('./operator/versions')).Versions },
  { path: '/versies/:number', roles: oversight, title: 'nav.versions', menu: false, view: async () => (await import('./operator/versions')).VersionPage },
  { path: '/pauzes', roles: oversight, title: 'nav.pauses', menu: false, view: async () => (await import('./operator/pauses')).Pauses },
  { path: '/met-reden', roles: officer, title: 'nav.glass', letter: 'b', menu: true, view: async () => (await import('./privacy/glass')).Glass },
  { path: '/inzage', roles: officer, title: 'nav.access', letter: 'i', menu: true, view: async () => (await import('./privacy/access')).AccessReport },
  { path: '/controle', roles: ['privacy_officer', 'auditor'], title: 'nav.audit', letter: 'c', menu: true, view: async () => (await import('./privacy/audit')).AuditPage },
  { path: '/over', roles: ['regisseur', 'coordinator', 'operator', 'privacy_officer', 'auditor', 'agency', 'service'], title: 'nav.about', menu: false, view: async () => (await import('./shell/about')).About },
];

export function menuOf(role: Role): PageEntry[] {
  return PAGES.filter((page) => page.menu && page.roles.includes(role));
}
