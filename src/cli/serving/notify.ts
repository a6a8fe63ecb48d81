import { spawn } from 'node:child_process'

/**
 * Tells the service manager, where one asked to be told (`NOTIFY_SOCKET`). Node has no datagrams on Unix sockets, so systemd's own
 * program does it, which is there wherever systemd is. Resolves with why it could not be told, or nothing.
 */
export function notify(
  state: 'READY=1' | 'STOPPING=1',
  status: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (!env['NOTIFY_SOCKET']) return Promise.resolve(undefined)
  const { NOTIFY_SOCKET, PATH } = env
  const told = spawn('systemd-notify', [`STATUS=${status}`, state], {
    env: { NOTIFY_SOCKET, ...(PATH !== undefined && { PATH }) },
    stdio: 'ignore',
  })
  return new Promise((done) => {
    told.on('error', (error) => done(`systemd-notify cannot be run: ${error.message}`))
    told.on('exit', (code) => done(code === 0 ? undefined : `systemd-notify ended with status ${code}`))
  })
}
