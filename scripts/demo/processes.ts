import { connect, type InstanceReport, type RemoteConfig } from '../../src/client.ts'
import { type People, PROD } from './people.ts'

const EVERY_MS = 30_000

/**
 * The service's processes: `tacacs-1` is current; `tacacs-2` started before a key changed that it takes in at a start only; `tacacs-3` says again and
 * again that it runs what was agreed; `tacacs-4` said so once and is silent, which shows after 90 seconds.
 */
export async function startProcesses(url: string, { ana, deploy, service }: People): Promise<AsyncDisposable> {
  const start = (id: string, host: string): Promise<RemoteConfig> =>
    connect({ url, token: service, namespace: PROD, instance: { id, host } })
  const old = await ana.prod.versions.get('release-7')
  const reportOf = (id: string, host: string): InstanceReport => {
    const startedAt = new Date().toISOString()
    return { id, host, version: old.id, startVersion: old.id, startedAt }
  }

  const second = await start('tacacs-2', 'node-8')
  await deploy.prod.update('server', { workers: 8 }, { reason: 'the new machines have eight cores' })
  const first = await start('tacacs-1', 'node-7')
  const third = reportOf('tacacs-3', 'node-9')
  await first.report(third)
  await first.report(reportOf('tacacs-4', 'node-9'))
  const timer = setInterval(() => void first.report(third).catch(() => undefined), EVERY_MS)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await Promise.all([first.close(), second.close()])
    },
  }
}
