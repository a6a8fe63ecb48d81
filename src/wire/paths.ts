/**
 * Every address of the server: its method and its path template, in the order of the documentation. The client builds requests from it, the server
 * its routes, and tests their matrix. In a path, `{section}` is one segment of a configuration path and `{key}` the rest of it, both as printed
 * (`x.weight`, `"api.example.com".weight`) and percent-encoded; the section of keys outside any section is `""`.
 */
export const PATHS = {
  readConfig: ['GET', '/api/v1/namespaces/{ns}/config'],
  readSection: ['GET', '/api/v1/namespaces/{ns}/config/{section}'],
  readKey: ['GET', '/api/v1/namespaces/{ns}/config/{section}/{key}'],
  readSnapshot: ['GET', '/api/v1/namespaces/{ns}/snapshot'],
  change: ['POST', '/api/v1/namespaces/{ns}/changes'],
  listOverrides: ['GET', '/api/v1/namespaces/{ns}/overrides'],
  setOverride: ['PUT', '/api/v1/namespaces/{ns}/overrides/{section}/{key}'],
  endOverride: ['DELETE', '/api/v1/namespaces/{ns}/overrides/{section}/{key}'],
  validate: ['POST', '/api/v1/namespaces/{ns}/validate'],
  drift: ['GET', '/api/v1/namespaces/{ns}/drift'],
  blame: ['GET', '/api/v1/namespaces/{ns}/blame'],
  history: ['GET', '/api/v1/namespaces/{ns}/history'],
  listVersions: ['GET', '/api/v1/namespaces/{ns}/versions'],
  createVersion: ['POST', '/api/v1/namespaces/{ns}/versions'],
  readVersion: ['GET', '/api/v1/namespaces/{ns}/versions/{ref}'],
  restore: ['POST', '/api/v1/namespaces/{ns}/versions/{ref}/restore'],
  revert: ['POST', '/api/v1/namespaces/{ns}/versions/{ref}/revert'],
  tag: ['PUT', '/api/v1/namespaces/{ns}/versions/{ref}/tags/{tag}'],
  untag: ['DELETE', '/api/v1/namespaces/{ns}/versions/{ref}/tags/{tag}'],
  setBaseline: ['PUT', '/api/v1/namespaces/{ns}/baseline'],
  compare: ['GET', '/api/v1/namespaces/{ns}/compare'],
  watch: ['GET', '/api/v1/namespaces/{ns}/watch'],
  listInstances: ['GET', '/api/v1/namespaces/{ns}/instances'],
  reportInstance: ['PUT', '/api/v1/namespaces/{ns}/instances/{id}'],
  listSources: ['GET', '/api/v1/namespaces/{ns}/sources'],
  reloadSources: ['POST', '/api/v1/namespaces/{ns}/sources/reload'],
  purge: ['POST', '/api/v1/namespaces/{ns}/purge'],

  listNamespaces: ['GET', '/api/v1/namespaces'],
  createNamespace: ['PUT', '/api/v1/namespaces/{ns}'],
  deleteNamespace: ['DELETE', '/api/v1/namespaces/{ns}'],
  whoami: ['GET', '/api/v1/whoami'],
  signIn: ['POST', '/api/v1/session'],
  readSession: ['GET', '/api/v1/session'],
  signOut: ['DELETE', '/api/v1/session'],
  listTokens: ['GET', '/api/v1/tokens'],
  createToken: ['POST', '/api/v1/tokens'],
  rotateToken: ['POST', '/api/v1/tokens/{id}/rotate'],
  revokeToken: ['DELETE', '/api/v1/tokens/{id}'],
  audit: ['GET', '/api/v1/audit'],
  listWebhooks: ['GET', '/api/v1/webhooks'],
  createWebhook: ['POST', '/api/v1/webhooks'],
  updateWebhook: ['PATCH', '/api/v1/webhooks/{id}'],
  deleteWebhook: ['DELETE', '/api/v1/webhooks/{id}'],
  rotateWebhookSecret: ['POST', '/api/v1/webhooks/{id}/rotate'],
  testWebhook: ['POST', '/api/v1/webhooks/{id}/test'],
  listDeliveries: ['GET', '/api/v1/webhooks/{id}/deliveries'],
  replayDelivery: ['POST', '/api/v1/webhooks/{id}/deliveries/{delivery}/replay'],
  listSchedules: ['GET', '/api/v1/schedules'],
  runSchedule: ['POST', '/api/v1/schedules/{name}/run'],
  listBackups: ['GET', '/api/v1/backups'],
  createBackup: ['POST', '/api/v1/backups'],
  readBackup: ['GET', '/api/v1/backups/{name}'],
  verifyBackup: ['POST', '/api/v1/backups/{name}/verify'],
  verify: ['POST', '/api/v1/verify'],
  stats: ['GET', '/api/v1/stats'],

  livez: ['GET', '/livez'],
  healthz: ['GET', '/healthz'],
  readyz: ['GET', '/readyz'],
  metrics: ['GET', '/metrics'],
  openapi: ['GET', '/openapi.json'],
  documentation: ['GET', '/docs'],
  documentationStyle: ['GET', '/docs/style.css'],
  problem: ['GET', '/problems/{code}'],

  console: ['GET', '/'],
  consoleNamespace: ['GET', '/namespaces/{ns}'],
  consolePage: ['GET', '/namespaces/{ns}/{page}'],
  consoleAdministration: ['GET', '/administration/{page}'],
  consoleAsset: ['GET', '/assets/{file}'],
} as const satisfies Record<string, readonly ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string]>

export type RouteName = keyof typeof PATHS

/** The address of a route with its parameters filled in, percent-encoded. */
export function pathTo(name: RouteName, parameters: Readonly<Record<string, string>> = {}): string {
  return PATHS[name][1].replace(/\{(\w+)\}/g, (_, parameter: string) => encodeURIComponent(parameters[parameter] ?? ''))
}
