import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSchedules } from '../../src/engine/schedules.ts'
import { openConfig } from '../../src/index.ts'
import { localPrincipal } from '../../src/model/principal.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { partsOf } from './schedule-wiring.ts'

/** Begins a backup and is killed when half of the copy is written. */
const [directory = '', name = ''] = process.argv.slice(2)
const store = await openSqlite(join(directory, name))
const config = await openConfig({ directory, store: name, actor: 'child', environment: {} })
await config.update('a', { n: 1 })
const engine = await openSchedules({
  ...partsOf({ directory, store, config, now: () => new Date() }),
  schedules: [{ name: 'nightly', task: 'backup', cron: '0 3 * * *' }],
  async backup(_who, file) {
    writeFileSync(file, 'half of it')
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => undefined)
  },
})
await engine.as(localPrincipal('child')).run('nightly')
