import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { check } from './demo/check.ts'
import { introduce, PROD } from './demo/people.ts'
import { startProcesses } from './demo/processes.ts'
import { startReceiver } from './demo/receiver.ts'
import { layOut, pickPort, ROOT, startServer, USUAL_PORT } from './demo/server.ts'
import { tell } from './demo/story.ts'

/**
 * `npm start`: the console on the example, in a folder of its own that is gone afterwards, with something to see on every page. With `--check` it
 * looks itself whether there is, and ends.
 */
const isCheck = process.argv.includes('--check')
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})
const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'))

try {
  await run()
} catch (error) {
  process.stderr.write(`\nThe demonstration stops: ${(error as Error).message}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function run(): Promise<void> {
  say('Starting a server on the example, with some weeks of a team’s work in it …')
  const port = await pickPort()
  if (port !== USUAL_PORT) say(`Somebody listens on ${USUAL_PORT} already, so it is on ${port}.`)
  layOut(folder, port)
  const server = await startServer(folder)
  const receiver = await startReceiver()
  try {
    await using people = await introduce(server)
    await tell({ server, people, receiver, folder })
    await using _processes = await startProcesses(server.url, people)
    if (isCheck) return await report(server.url, people.ana.token)
    invite(server.url, people.ana.token)
    await Promise.race([stopped, server.ended.then(() => Promise.reject(new Error('the server ended by itself')))])
  } finally {
    receiver.close()
    await server.stop()
  }
}

async function report(url: string, token: string): Promise<void> {
  await check(url, token)
  say('Good: the console is served, and each of its pages has something to show.')
}

function invite(url: string, token: string): void {
  const holdfast = join(ROOT, 'bin/holdfast')
  say(`
The console:  ${styleText(['bold', 'cyan'], `${url}/#token=${token}`)}

Open it: the address signs you in as ana, who may do everything. Then change something from another terminal and see it there:

    export HOLDFAST_SERVER=${url} HOLDFAST_TOKEN=${token}
    alias holdfast='${holdfast} -n ${PROD}'

    holdfast set auth.cache_ttl=600 --reason 'seen live'
    holdfast drift                       # what differs from the files, and how
    holdfast revert latest --dry-run     # what undoing the last change would do

or edit the file that it stands on:  ${join(folder, 'tacacs.conf')}

Ctrl-C ends the demonstration and removes its folder. npm run tour tells the same by the command line alone.
`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
