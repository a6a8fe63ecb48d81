/** What an administrator sees of the whole store, by the last segment of its address. */
export const ADMINISTRATION = [
  { page: 'tokens', name: 'Tokens' },
  { page: 'audit', name: 'Audit' },
  { page: 'webhooks', name: 'Webhooks' },
  { page: 'sources', name: 'Sources' },
  { page: 'schedules', name: 'Schedules' },
  { page: 'store', name: 'Store' },
  { page: 'backups', name: 'Backups' },
  { page: 'namespaces', name: 'Namespaces' },
] as const

export type AdministrationPage = (typeof ADMINISTRATION)[number]['page']
