import type { Action } from '../../model/principal.ts'

/** What an administrator sees of the whole store, by the last segment of its address, and what it takes to see it; null: nothing. */
export const ADMINISTRATION = [
  { page: 'tokens', name: 'Tokens', needs: 'admin' },
  { page: 'audit', name: 'Audit', needs: 'audit:read' },
  { page: 'webhooks', name: 'Webhooks', needs: 'admin' },
  { page: 'sources', name: 'Sources', needs: null },
  { page: 'schedules', name: 'Schedules', needs: 'admin' },
  { page: 'store', name: 'Store', needs: 'admin' },
  { page: 'backups', name: 'Backups', needs: 'admin' },
  { page: 'namespaces', name: 'Namespaces', needs: null },
] as const satisfies readonly { readonly page: string; readonly name: string; readonly needs: Action | null }[]

export type AdministrationPage = (typeof ADMINISTRATION)[number]['page']

/** Those that somebody may open. */
export const administrationOf = (
  may: (action: Action, namespace: string) => boolean,
): readonly (typeof ADMINISTRATION)[number][] => ADMINISTRATION.filter(({ needs }) => needs === null || may(needs, '*'))
