import type { Log } from '../../engine/options.ts'
import type { ServeOptions } from '../../http/options.ts'
import type { Server } from '../../http/serve.ts'
import { storeName } from '../../model/config.ts'
import { HoldfastError } from '../../model/errors.ts'
import type { Call, Run } from '../command.ts'
import { DONE } from '../print.ts'
import { passedSocket } from '../serving/listen.ts'
import { openLog } from '../serving/log.ts'
import { notify } from '../serving/notify.ts'
import { toServeOptions } from '../serving/options.ts'
import { placeOf, resolveSettings } from '../serving/resolve.ts'
import { readStoreTarget } from '../target.ts'

export const run: Run = async (call) => {
  const { flags, io } = call
  const stopping = io.interrupt()
  const target = await readStoreTarget(call, 'holdfast serve opens a store')
  const places = { flags, env: io.env, cwd: io.cwd, project: target.project }
  const settings = resolveSettings(places)
  const log = openLog(settings, io)
  const options = await toServeOptions(target, settings, flags, log)
  const fd = passedSocket(io.env)
  const server = await start(
    { ...options, ...(fd !== undefined && { fd }), onFirstToken: (text) => io.stderr.write(welcome(text)) },
    `port is said by ${placeOf('port', places)}, host by ${placeOf('host', places)}`,
  )
  const stopReloading = io.onReload(() => void reload(server, log))
  const store = storeName(options.store ?? '')
  log.info({ url: server.url, namespaces: Object.keys(options.namespaces ?? {}), store }, 'listening')
  await tell(call, log, 'READY=1', `listening on ${server.url}`)
  await aborted(stopping)
  stopReloading()
  log.info({ drainSeconds: options.drainSeconds }, 'stopping: requests under way may end')
  await tell(call, log, 'STOPPING=1', 'waiting for requests to end')
  await server.close()
  log.info({}, 'stopped')
  return DONE
}

/** Never by the log: a collector must not get to see it. */
const welcome = (token: string): string => `
The first token of this store, which may do everything. It is shown this once:

  ${token}

Sign in to the console with it, or put it into HOLDFAST_TOKEN, and make smaller ones: holdfast token create NAME --scope config:read

`

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another process listens there already: stop it, or choose another --port.',
  EACCES: 'This user may not listen there: choose a port above 1023, or have systemd pass a socket.',
  EADDRNOTAVAIL: 'No network interface of this machine has that address: choose another --host.',
}

async function start(options: ServeOptions, places: string): Promise<Server> {
  const { serve } = await import('../../http/serve.ts')
  try {
    return await serve(options)
  } catch (error) {
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? ''
    const hint = HINTS[code]
    if (hint === undefined || !(error instanceof HoldfastError)) throw error
    throw new HoldfastError(error.code, `${error.message}\n${hint} (${places})`, error.details, { cause: error })
  }
}

async function reload(server: Server, log: Log): Promise<void> {
  try {
    await server.reload()
    log.info({}, 'certificates and sources were read again')
  } catch (error) {
    log.warn({ error: (error as Error).message }, 'could not read everything again; what was good stays')
  }
}

async function tell({ io }: Call, log: Log, state: 'READY=1' | 'STOPPING=1', status: string): Promise<void> {
  const failure = await notify(state, status, io.env)
  if (failure !== undefined) log.warn({ state }, `the service manager could not be told: ${failure}`)
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
